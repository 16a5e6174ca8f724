"""Text of other people inside a prompt: it stays text, whatever it spells out.

Fences are marks that the fenced text does not hold and its author could not have guessed: an HMAC over the
texts themselves, so that writing a fence into a text changes the fence. The same texts give the same fence,
and a call that is made again is the same call.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

# What chat templates use to say whose turn it is: ChatML, Llama 2 and 3, Gemma, Phi, Command, DeepSeek,
# Mistral, Zephyr, Harmony. Broken by an invisible space they are read as what they are, letters.
CONTROL = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|<\uff5c[^\uff5c\n]{1,40}\uff5c>|</?s>|\[/?INST\]|<</?SYS>>|\[/?(?:AVAILABLE_TOOLS|"
    r"TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT)\]|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk|mask)>|</?think>",
    re.IGNORECASE,
)
# Letters that nobody sees and tokenizers read: tags, and marks that turn the direction of writing.
INVISIBLE = re.compile("[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069]")
BREAK = "\u200b"


def neutral(text: str) -> str:
    """The text with control words broken up and invisible letters shown as a box."""
    return CONTROL.sub(
        lambda found: found[0][0] + BREAK + found[0][1:], INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)
    )


def fence_for(texts: Sequence[str], secret: bytes) -> str:
    """A mark for these texts, short, for small models read it a few times. Raises ValueError in the case that
    does not happen: no mark is free."""
    name = "\x00".join(texts).encode("utf-8", "surrogatepass")
    for attempt in range(100):
        digest = hmac.new(secret, b"%d:" % attempt + name, hashlib.sha256).hexdigest()
        fence = f"[{digest[:8]}]"
        if fence.encode() not in name:
            return fence
    raise ValueError("No delimiter is free of the text.")


def marked(text: str, fence: str) -> str:
    """A text that ends where the next mark stands."""
    return f"{fence}:\n{text}"


def fenced(text: str, fence: str) -> str:
    return f"{fence}\n{text}\n{fence}"
