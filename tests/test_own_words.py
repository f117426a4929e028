"""What is kept of somebody's own words: what they came to, not how they began."""

import pytest

from voice_coach.coaching.own_words import without_leads
from voice_coach.packs import pack_folder, read_pack

LEADS = read_pack(pack_folder("en")).leads


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        ("answer", "um i could put my shoes by the door", "i could put my shoes by the door"),
        ("answer", "well you know um a glass of water", "a glass of water"),
        ("answer", "um", "um"),
        ("answer", "umbrella", "umbrella"),
        ("answer", "i did not sleep", "i did not sleep"),
        ("answer", "", ""),
        ("done", "i did a little dance", "a little dance"),
        ("done", "i did", "i did"),
        ("not_done", "i did not drank my water", "drank my water"),
        ("not_done", "um i didn't do my stretches", "my stretches"),
        ("not_done", "my stretches", "my stretches"),
    ],
)
def test_what_people_begin_with_is_left_out(kind: str, said: str, kept: str) -> None:
    assert without_leads(said, LEADS[kind]) == kept


def test_without_leads_everything_is_kept() -> None:
    assert without_leads("um well", frozenset()) == "um well"
