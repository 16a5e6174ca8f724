from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application

from workers.lifeline import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("WINNOW_SUPERVISED"):
    end_with_parent()
application = get_wsgi_application()
# What was loaded to start with stays: looking through it for garbage took a fourteenth of every request.
# A request makes some ten thousand objects, and nearly all of them go without being looked for.
gc.freeze()
gc.set_threshold(20_000, 20, 50)
