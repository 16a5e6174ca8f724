"""Keep an upload where a worker finds it. The name is ours: what a client calls its file is never a path."""

from __future__ import annotations

import os
import secrets
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from annotate.errors import InvalidSetting
from annotate.selectors.uploads import upload_path

MAX_UPLOAD_BYTES = 512 << 20


def keep_upload(*, upload: UploadedFile[Any]) -> str:
    """Write the upload under the home's uploads, owner-only, and return its name there."""
    if upload.size is not None and upload.size > MAX_UPLOAD_BYTES:
        raise InvalidSetting(
            "The file is too large.",
            field="file",
            cure="Send at most 512 MiB, or import it with the command.",
        )
    name = secrets.token_hex(16)
    with open(os.open(upload_path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        for block in upload.chunks():
            stream.write(block)
    return name
