from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from annotate.readers.pictures import MAX_BYTES, MAX_PIXELS

MOST_FILES = 100


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Each of several files, checked as one would be."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(one, initial) for one in sent]


class ImagesForm(forms.Form):
    pictures = ManyFilesField(
        label=_("Pictures"),
        widget=ManyFiles(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=format_lazy(
            _(
                "PNG, JPEG or WebP; up to {files} at once, {size} MiB and {pixels} million pixels each."
                " Only the pixels are kept."
            ),
            files=MOST_FILES,
            size=MAX_BYTES >> 20,
            pixels=MAX_PIXELS // 1_000_000,
        ),
    )

    def clean_pictures(self) -> list[UploadedFile[Any]]:
        files: list[UploadedFile[Any]] = self.cleaned_data["pictures"]
        for file in files:
            if file.size is not None and file.size > MAX_BYTES:
                words = _("%(name)s is too large: send at most %(most)s MiB.")
                raise forms.ValidationError(words % {"name": file.name, "most": MAX_BYTES >> 20})
        return files
