from __future__ import annotations

from django.urls import path

from annotate.views import desk

urlpatterns = [
    path("p/<slug:slug>/desk/", desk.show_desk, name="show_desk"),
    path("p/<slug:slug>/desk/next/", desk.next_item, name="next_item"),
    path("p/<slug:slug>/desk/undo/", desk.undo, name="undo"),
    path("p/<slug:slug>/desk/<int:pk>/submit/", desk.submit_verdict, name="submit_verdict"),
    path("p/<slug:slug>/desk/<int:pk>/skip/", desk.skip_item, name="skip_item"),
    path("p/<slug:slug>/desk/<int:pk>/heartbeat/", desk.heartbeat, name="heartbeat"),
]
