"""Tables and views of the ceiling; loaded only by its own program, which has its own settings."""

from __future__ import annotations

import json
import time

from django.contrib.auth import get_user_model, login
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path

from bench.desk.ceiling import LEASE
from bench.desk.items import pairs


class Task(models.Model):
    prompt = models.TextField()
    first = models.TextField()
    second = models.TextField()
    wanted = models.IntegerField(default=1)
    until = models.FloatField(default=0)

    class Meta:
        app_label = "ceiling"
        indexes = [models.Index(fields=["wanted", "until", "id"], name="ceiling_queue")]

    def __str__(self) -> str:
        return str(self.pk)


class Label(models.Model):
    task = models.ForeignKey(Task, models.CASCADE)
    who = models.CharField(max_length=64)
    choice = models.CharField(max_length=1)
    at = models.FloatField()

    class Meta:
        app_label = "ceiling"
        constraints = [models.UniqueConstraint(fields=["task", "who"], name="ceiling_once")]

    def __str__(self) -> str:
        return f"{self.who} on {self.task_id}"


def prepare(items: int, people: int) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Task)
        editor.create_model(Label)
    for number in range(people):
        get_user_model().objects.create_user(f"annotator{number}", password="p")
    rows = (
        Task(prompt=one["prompt"], first=one["response_a"], second=one["response_b"])
        for one in pairs(0, items)
    )
    Task.objects.bulk_create(rows, batch_size=2000)
    connection.close()


def lease() -> dict[str, object]:
    now = time.time()
    task = Task.objects.filter(wanted__gt=0, until__lt=now).order_by("wanted", "until", "id").first()
    if task is None:
        return {}
    Task.objects.filter(pk=task.pk).update(until=now + LEASE)
    return {"id": task.pk, "prompt": task.prompt, "first": task.first, "second": task.second}


def store(request: HttpRequest) -> None:
    sent = json.loads(request.body)
    who = request.user.get_username()
    Label.objects.create(task_id=sent["id"], who=who, choice=sent["choice"], at=time.time())
    Task.objects.filter(pk=sent["id"]).update(wanted=models.F("wanted") - 1)


def ping(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, get_user_model().objects.get(username=f"annotator{int(request.GET['number'])}"))
    get_token(request)
    return HttpResponse("ok")


def take(request: HttpRequest) -> JsonResponse:
    with transaction.atomic():
        return JsonResponse(lease())


def submit(request: HttpRequest) -> JsonResponse:
    with transaction.atomic():
        store(request)
    return JsonResponse({"ok": True})


def step(request: HttpRequest) -> JsonResponse:
    """Both in one request, as a page that is ahead of its reader does."""
    with transaction.atomic():
        store(request)
        return JsonResponse(lease())


urlpatterns = [
    path("ping", ping),
    path("signin", sign_in),
    path("next", take),
    path("submit", submit),
    path("step", step),
]
