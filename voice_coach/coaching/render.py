"""Prompts to words. PURE: the same prompts on the same day are the same words; what is said is data of the pack."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from voice_coach.coaching.values import Prompt, Responses

SLOT = re.compile(r"\{([a-z_]+)\}")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.?!]\s))[^\W\d_]")


def render(responses: Responses, prompts: Sequence[Prompt], now: datetime) -> str:
    """What is said, with a capital at the start of each sentence. Which variant is said depends on the day alone."""
    said = " ".join(_words(responses, prompt, now) for prompt in prompts)
    return _SENTENCE_START.sub(lambda start: start.group().upper(), " ".join(said.split()))


def slots_of(template: str) -> frozenset[str]:
    """The names of the slots of one variant."""
    return frozenset(SLOT.findall(template))


def spoken_time(responses: Responses, moment: datetime) -> str:
    """The time of day as somebody would say it."""
    clock = responses.clock

    def hour(value: int) -> str:
        value %= 24
        return _number(responses, value if clock.hours == 24 else (value - 1) % 12 + 1)

    minute = moment.minute
    template = clock.exact.get(minute, clock.early if minute < 10 else clock.other)
    words = {"hour": hour(moment.hour), "next_hour": hour(moment.hour + 1), "minute": _number(responses, minute)}
    return _fill(template, words)


def _words(responses: Responses, prompt: Prompt, now: datetime) -> str:
    variants = responses.variants[prompt.key]
    variant = variants[now.toordinal() % len(variants)]
    return _fill(variant, {name: _value(responses, value, now) for name, value in prompt.slots.items()})


def _fill(template: str, values: dict[str, str]) -> str:
    # One pass over the template: a value that looks like a slot is never looked at again.
    return SLOT.sub(lambda slot: values[slot.group(1)], template)


def _value(responses: Responses, value: Any, now: datetime) -> str:
    match value:
        case Prompt():
            return _words(responses, value, now)
        case datetime():
            return spoken_time(responses, value)
        case tuple():
            return _row(responses, [_value(responses, part, now) for part in value])
        case int() | float():
            return _number(responses, value)
        case _:
            return " ".join(str(value).split())


def _row(responses: Responses, parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return responses.comma.join(parts[:-1]) + responses.last_comma + parts[-1]


def _number(responses: Responses, value: float) -> str:
    whole = responses.numbers.get(int(value)) if value == int(value) else None
    return whole or f"{value:g}"
