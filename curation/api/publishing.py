"""Sending releases elsewhere, and one's own token for a hub: given, never given back."""

from __future__ import annotations

from dataclasses import asdict

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_project
from annotate.api.serializers import JobOut, StrictSerializer
from annotate.api.views import checked
from annotate.enums import Role
from annotate.http import person
from curation.selectors.releases import access_release
from curation.services.hub_tokens import forget_hub_token, keep_hub_token, kept_token
from curation.services.publishing import ask_to_publish


class HubTokenIn(StrictSerializer):
    token = serializers.CharField(max_length=600, write_only=True)


class HubTokenOut(StrictSerializer):
    """``opens`` is false where it has to be given again."""

    ending = serializers.CharField()
    kept_at = serializers.DateTimeField()
    opens = serializers.BooleanField()


class PublishIn(StrictSerializer):
    """``token_name``: of one in the workers' environment; without it, one's own token goes along."""

    to = serializers.CharField(max_length=80)
    repository = serializers.CharField(max_length=193, default="", allow_blank=True)
    token_name = serializers.CharField(max_length=80, default="", allow_blank=True)
    private = serializers.BooleanField(default=True)
    format = serializers.CharField(max_length=40, default="", allow_blank=True)


class HubTokenApi(APIView):
    """One's own token for the hub that releases are sent to."""

    @extend_schema(responses={200: HubTokenOut})
    def get(self, request: Request) -> Response:
        """What may be told of it; empty where none is kept."""
        kept = kept_token(person(request))
        return Response(HubTokenOut(asdict(kept)).data if kept else {})

    @extend_schema(request=HubTokenIn, responses={200: HubTokenOut})
    @sensitive_variables()
    def put(self, request: Request) -> Response:
        """Keep it, in place of any other."""
        keep_hub_token(user=person(request), token=checked(HubTokenIn(data=request.data))["token"])
        return self.get(request)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        forget_hub_token(user=person(request))
        return Response(status=204)


class PublishApi(APIView):
    @extend_schema(request=PublishIn, responses={202: JobOut})
    def post(self, request: Request, slug: str, version: int) -> Response:
        """Ask a worker to send the release; its job's result names the address."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        release = access_release(project=project, version=version)
        asked = checked(PublishIn(data=request.data))
        asked["key_name"] = asked.pop("token_name")
        return Response(JobOut(ask_to_publish(release=release, by=person(request), **asked)).data, status=202)
