"""A worker in which a text with a certain letter makes the model hang, or take all memory: what a poisoned
item does, at the place where it does it.

    python -m tests.workers.poisoned_worker hang|grow [TOKEN SECONDS MEBIBYTES]

TOKEN: the letter's number in the model; SECONDS: how long a silence is let be; MEBIBYTES: what may be taken.
Those of the tiny model where they are not given. Nothing of Winnow is replaced: torch calls the trap before
every embedding of tokens.
"""

from __future__ import annotations

import resource
import sys
import time

import django
import torch
import transformers
from django.core.management import call_command

# A letter of the tiny model that no text of these tests holds but the poisoned ones; more than loading it
# takes on a busy machine; and more than it needs.
TINY = (str(5 + ord("~") - 32), "8", "512")
POISON, HANGS_AFTER, SPARE = map(int, sys.argv[2:] or TINY)


def hang():
    time.sleep(3600)


def grow():
    """Asks for more and more, until this process may have no more."""
    held = []
    while True:
        held.append(torch.ones(64 << 20, dtype=torch.uint8))


def trap(module, given):
    """Only what is given to the model: what a random one writes, a token at a time, may be any letter."""
    read = isinstance(module, torch.nn.Embedding) and given[0].shape[-1] > 1
    if read and bool((given[0] == POISON).any()):
        {"hang": hang, "grow": grow}[sys.argv[1]]()


def in_use():
    """Bytes of the process's own data, as the limit counts them."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))


if __name__ == "__main__":
    django.setup()
    torch.set_num_threads(1)
    # Loaded on first use otherwise, which takes longer than a hang is let be.
    transformers.LlamaForCausalLM  # noqa: B018  # naming it loads it
    transformers.PreTrainedTokenizerFast  # noqa: B018  # naming it loads it
    torch.nn.modules.module.register_module_forward_pre_hook(trap)
    if sys.argv[1] == "grow":
        resource.setrlimit(resource.RLIMIT_DATA, (in_use() + (SPARE << 20), resource.RLIM_INFINITY))
    call_command("work", poll=0.05, hangs_after=HANGS_AFTER)
