"""What other modules may ask of accounts; what is written here is written on the operators' decision."""

from abci_app.modules.accounts.store import (
    accounts_with,
    admit,
    check_admit,
    check_set_roles,
    find_account,
    require_account,
    require_new,
    require_role,
    set_roles,
)

__all__ = [
    "accounts_with",
    "admit",
    "check_admit",
    "check_set_roles",
    "find_account",
    "require_account",
    "require_new",
    "require_role",
    "set_roles",
]
