"""A project's generators in JSON: keep them, see them, let them write."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_project
from annotate.api.serializers import JobOut, StrictSerializer
from annotate.api.views import checked
from annotate.enums import Role
from curation.models import Generator
from curation.selectors.generators import generators_of
from curation.services.generators import ask_again_for_neither, ask_generators, save_generator


class GeneratorIn(StrictSerializer):
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    model = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    key_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=60)
    per_prompt = serializers.IntegerField(default=1)
    temperature = serializers.FloatField(default=0.8)
    top_p = serializers.FloatField(default=0.95)
    max_new_tokens = serializers.IntegerField(default=160)
    seed = serializers.IntegerField(default=0)
    system = serializers.CharField(required=False, allow_blank=True, default="", max_length=20_000)
    stop = serializers.ListField(child=serializers.CharField(max_length=80), default=list)
    on_policy = serializers.BooleanField(default=False)


class GeneratorOut(serializers.ModelSerializer[Generator]):
    class Meta:
        model = Generator
        fields = [
            "id", "name", "url", "model", "key_name", "per_prompt", "temperature", "top_p", "max_new_tokens",
            "seed", "system", "stop", "on_policy",
        ]  # fmt: skip


class RunGeneratorsIn(StrictSerializer):
    neither = serializers.BooleanField(
        default=False, help_text="Also put the prompts settled as neither again."
    )


class GeneratorsApi(APIView):
    @extend_schema(responses=GeneratorOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        return Response(GeneratorOut(generators_of(project), many=True).data)

    @extend_schema(request=GeneratorIn, responses={201: GeneratorOut})
    def post(self, request: Request, slug: str) -> Response:
        """Keep a generator; one of that name that exists gets these settings."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        made = save_generator(project=project, **checked(GeneratorIn(data=request.data)))
        return Response(GeneratorOut(made).data, status=201)


class RunGeneratorsApi(APIView):
    @extend_schema(request=RunGeneratorsIn, responses={202: JobOut(many=True)})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        again = checked(RunGeneratorsIn(data=request.data))["neither"]
        jobs = (ask_again_for_neither if again else ask_generators)(project=project)
        return Response(JobOut(jobs, many=True).data, status=202)
