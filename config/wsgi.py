from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from workers.lifeline import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if os.environ.get("WINNOW_SUPERVISED"):
    end_with_parent()
application = get_wsgi_application()
