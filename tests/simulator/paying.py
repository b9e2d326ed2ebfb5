"""Money and certificates."""

from __future__ import annotations

from random import Random

from tests.app.keyring import address
from tests.simulator.letter import Letter
from tests.simulator.view import View
from wire.ledger import Burn, Mint, PayDebt, Transfer, account_holder, reward_pool
from wire.settlement import FundRewards, RetireCertificate, TransferCertificate

_AMOUNTS = (1, 7, 5_000_000, 40_000_000, 10**10, 2**63 - 1)


def pay(random: Random, view: View) -> list[Letter]:
    """Between people, into and out of the world."""
    people = view.people()
    sender, to, neur = random.choice(people), address(random.choice([*people, "zoe"])), random.choice(_AMOUNTS)
    message = random.choice([Transfer(to, neur), Transfer(to, neur), Burn(neur), FundRewards("lilas", neur)])
    if random.random() < 0.4:
        sender, message = "issuer", random.choice([Mint(to, neur), Burn(neur)])
    return [Letter(sender, message)]


def pay_debts(random: Random, view: View) -> list[Letter]:
    """What somebody owes, in whole or in part, with money from the issuer; now and then what nobody owes."""
    owed = [debt for _, debt in view.books.debts.of() if len(debt.debtor) == 21]
    if not owed or random.random() < 0.1:
        creditor = random.choice([reward_pool("lilas"), account_holder(address("supplier")), b"x" * 66])
        return [Letter(random.choice(view.people()), PayDebt(creditor, "consumption", 5))]
    debt = random.choice(owed)
    neur = random.choice([debt.amount_neur, debt.amount_neur, 1, debt.amount_neur + 1])
    minted = Letter("issuer", Mint(debt.debtor[1:], min(neur, 2**62)))
    return [minted, Letter(view.name_of(debt.debtor[1:]), PayDebt(debt.creditor, debt.reason, neur))]


def pass_certificates(random: Random, view: View) -> list[Letter]:
    """Whole or in part, to others or into retirement; also what one does not hold."""
    held = [holding for _, holding in view.books.holdings.of()]
    if not held:
        return [Letter(random.choice(view.people()), RetireCertificate("lilas/1/late/0", 1))]
    holding = random.choice(held)
    energy = random.choice([1, holding.energy_wh, holding.energy_wh + 1])
    sender = view.name_of(holding.holder) if random.random() < 0.9 else random.choice(view.people())
    to = address(random.choice([*view.people(), "zoe"]))
    message = (
        RetireCertificate(holding.certificate_id, energy)
        if random.random() < 0.4
        else TransferCertificate(holding.certificate_id, to, energy)
    )
    return [Letter(sender, message)]
