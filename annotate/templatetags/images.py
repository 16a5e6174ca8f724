from __future__ import annotations

from django import template

from annotate.models import Candidate, Item
from annotate.selectors.images import ShownImage, shown_images

register = template.Library()


@register.filter
def images(owner: Item | Candidate) -> tuple[ShownImage, ...]:
    """``{{ candidate|images }}``: its pictures as a judge meets them."""
    return shown_images(owner)
