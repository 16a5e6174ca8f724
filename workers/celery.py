"""Celery carries nudges in team mode; the Job row decides. On a laptop this module is never imported."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init, worker_process_init
from kombu import Queue

from annotate.enums import JobQueue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("winnow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_queues=[Queue(name) for name in JobQueue.values],
    task_default_queue=JobQueue.CPU.value,
    task_ignore_result=True,
    # A message is done when its job is; a killed worker's message comes back, and the row says who may run
    # it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=20.0,
    worker_enable_soft_shutdown_on_idle=True,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    # Chunks are of a minute or less; a quarter of an hour is well above the longest.
    broker_transport_options={"visibility_timeout": 900},
    beat_schedule={"sweep": {"task": "workers.sweep", "schedule": 15.0}},
)
app.autodiscover_tasks(["workers"])


@worker_init.connect
@worker_process_init.connect
def guard(**_more: object) -> None:
    """In the process that does the work: the only one of a solo pool, each child of another."""
    # The table of jobs cannot be imported before Django is ready.
    from workers.watch import guard_process

    guard_process()
