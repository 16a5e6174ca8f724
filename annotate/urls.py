from __future__ import annotations

from django.urls import path

from annotate.views import asides, desk, images, keyboard, mine

urlpatterns = [
    path("keys/", keyboard.show_keys, name="show_keys"),
    path("p/<slug:slug>/desk/", desk.show_desk, name="show_desk"),
    path("p/<slug:slug>/desk/next/", desk.next_item, name="next_item"),
    path("p/<slug:slug>/desk/undo/", desk.undo, name="undo"),
    path("p/<slug:slug>/desk/<int:pk>/submit/", desk.submit_verdict, name="submit_verdict"),
    path("p/<slug:slug>/desk/<int:pk>/skip/", desk.skip_item, name="skip_item"),
    path("p/<slug:slug>/desk/<int:pk>/heartbeat/", desk.heartbeat, name="heartbeat"),
    path("p/<slug:slug>/desk/<int:pk>/flag/", asides.flag_item, name="flag_item"),
    path("p/<slug:slug>/desk/<int:pk>/draft/", asides.keep_draft, name="keep_draft"),
    path("p/<slug:slug>/desk/<int:pk>/suggestion/", asides.suggest, name="suggest"),
    path("p/<slug:slug>/images/<slug:digest>/", images.show_image, name="show_image"),
    path("p/<slug:slug>/mine/", mine.show_mine, name="show_mine"),
    path("p/<slug:slug>/mine/<int:pk>/", mine.show_answer, name="show_answer"),
    path("p/<slug:slug>/guidelines/<int:pk>/read/", asides.read_guideline, name="read_guideline"),
]
