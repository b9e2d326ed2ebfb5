"""What people see of messages: tables while they are readable, else one message below the other."""

from __future__ import annotations

import io

from rich.console import Console

from node.cli.sending import Outcome
from node.cli.tables import print_message

ADA, BEN = "4516b2677e674b6ea2589943ed6f33ad1404f23c", "84e148151887383857997c821cf2c4d4660c1bec"
PROPOSAL = {
    "proposal_id": 3,
    "proposer": ADA,
    "change": {"set_roles": {"address": ADA, "roles": ["household", "dso"]}},
    "reason": "",
    "approvals": [ADA, BEN],
    "status": "open",
}


def printed(message: dict[str, object], width: int) -> list[str]:
    out = io.StringIO()
    print_message(message, Console(file=out, width=width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_messages_that_a_table_has_room_for_stand_in_one() -> None:
    lines = printed({"validators": [{"public_key": ADA, "power": 10}, {"public_key": BEN, "power": 9}]}, 80)
    assert [line.split() for line in lines if "4" in line] == [[ADA, "10"], [BEN, "9"]]


def test_messages_whose_words_a_table_would_break_stand_one_below_the_other() -> None:
    lines = printed({"proposals": [PROPOSAL, PROPOSAL | {"proposal_id": 4}], "next_page_token": ""}, 100)
    assert lines[:8] == [
        "",
        "proposals 1 of 2",
        "proposal_id               3",
        f"proposer                  {ADA}",
        f"change.set_roles.address  {ADA}",
        "change.set_roles.roles    household, dso",
        f"approvals                 {ADA},",
        f"                          {BEN}",
    ]
    assert "proposals 2 of 2" in lines


def test_no_value_is_cut_off_however_narrow_the_screen() -> None:
    key = ADA + BEN[:24]
    lines = printed({"change": {"add_validator": {"public_key": key}}}, 60)
    assert "".join(lines).replace(" ", "") == f"change.add_validator.public_key{key}"


def test_a_message_in_an_event_is_told_from_what_is_around_it() -> None:
    outcome = Outcome("in_block", "ab", events=[{"name": "proposal_made", "fields": {"proposal": PROPOSAL, "by": BEN}}])
    assert list(outcome.lines())[-1] == (
        f"  * proposal_made  proposal=(proposal_id=3 proposer={ADA} "
        f"change=(set_roles=(address={ADA} roles=household, dso)) approvals={ADA}, {BEN} status=open) by={BEN}"
    )
