"""The page of all messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from node.messages.schema import TRANSACTIONS, choice_in, fields_of, module_of, short_name
from node.reference.codes import ENVELOPE, actions, codes_of
from node.reference.fields import MADE, described, field_table, nested_sections

_INTRODUCTION = """# Transactions

Every message that can be sent, with its fields, who may send it and what it can be refused with. The same names are
used by the [scenario files](scenarios/), the command line (`vdg tx`) and the messages of `proto/vdg`.

A transaction is a body and a signature: `chain_id`, the `sender`'s address, a `nonce`, `expires_s`, one message, and
the sender's Ed25519 signature over `vdg/tx/v1`, the length of the chain id, the chain id and the body's bytes as sent
([`wire/tx.py`](../wire/tx.py)).

- *Nonces* count from 1 and may leave gaps; each is used once, in any order within 128 below the highest used. A
  transaction that a block refuses for its content has used its nonce as well.
- *`expires_s`* is Unix seconds of block time: after it, the transaction can be in no block any more.
- *Refused* means that nothing changed (but for the nonce). The result has a [code](results.md) and a message that names
  the field, its value and the way out.
- Fields that are left out are 0, empty or false. Bytes are written as hexadecimal digits; where an address or a key
  is expected, scenario files take names, and `vdg tx` takes the names of key files.
- A *holder of money* is an account, a VDG's reward pool (`reward_pool:<vdg>`), `validator_pool`, or `issuance`, where
  minted money comes from.
"""


def transactions_page() -> str:
    """The page's text."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield MADE
    yield ""
    yield _INTRODUCTION
    yield f"Any message can get {_names(ENVELOPE)}; below stands what is added to these."
    yield ""
    yield from _index()
    module = ""
    for name, cls in TRANSACTIONS.items():
        if module_of(cls) != module:
            module = module_of(cls)
            yield f"## Module {module}"
            yield ""
        yield from _section(name, cls)
    yield "## Messages inside these"
    yield ""
    yield from nested_sections(TRANSACTIONS.values())


def _index() -> Iterator[str]:
    yield "| message | sender | |"
    yield "|---|---|---|"
    for name, cls in TRANSACTIONS.items():
        yield f"| [`{name}`](#{name}) | {_sender(cls)} | {described(cls)} |"
    yield ""


def _sender(cls: type[Any]) -> str:
    roles = actions()[cls].roles
    return ", ".join(short_name(role) for role in roles) if roles else "anybody admitted"


def _section(name: str, cls: type[Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield described(cls)
    yield ""
    yield from field_table(cls)
    yield ""
    own = [code for code in codes_of(actions()[cls]) if code not in ENVELOPE]
    yield f"*Sender:* {_sender(cls)}. *Refused with:* {_names(own) if own else 'nothing else'}."
    yield ""
    yield f"`{_command(name, cls)}`"
    yield ""


def _command(name: str, cls: type[Any]) -> str:
    """The command without values."""
    words = f"vdg tx {module_of(cls)} {name.replace('_', '-')}"
    if name == "rotate_key":
        return f"{words} --new-key FILE --key FILE"
    choice = choice_in(cls)
    if choice is not None:
        others = [f"--{one.name.replace('_', '-')} …" for one in fields_of(cls) if one != choice]
        return " ".join([words, "CHANGE --FIELD …", *others, "--key FILE"])
    options = [
        f"--{one.name.replace('_', '-')}{'' if one.spec.kind == 'flag' else ' …'}"
        for field in fields_of(cls)
        for one in (
            fields_of(field.spec.type) if field.spec.kind == "message" and not field.spec.repeated else (field,)
        )
    ]
    return " ".join([words, *options, "--key FILE"])


def _names(codes: Any) -> str:
    return ", ".join(f"`{code.name}`" for code in codes)
