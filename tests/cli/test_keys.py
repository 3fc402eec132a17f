"""``powermem keys``, and what ``powermem serve`` refuses."""

from __future__ import annotations

import pytest

from .conftest import Run


def test_a_key_is_made_listed_and_revoked(cli: Run) -> None:
    made = cli("keys", "create", "--name", "app", "--may", "read", "-u", "ana", "--json").document
    assert made["key"].startswith("sk-pm-")
    assert (made["may"], made["user_id"], made["revoked_at"]) == ("read", "ana", None)
    listed = cli("keys", "--json")
    assert [key["id"] for key in listed.document] == [made["id"]]
    # Only its hash is kept.
    assert made["key"] not in listed.out
    assert "app" in cli("keys").out
    assert cli("keys", "revoke", "app").code == 0
    assert cli("keys", "list", "--json").document[0]["revoked_at"] is not None


def test_a_key_is_shown_alone_so_that_a_script_can_take_it(cli: Run) -> None:
    ran = cli("keys", "create", "--name", "app")
    assert ran.out.strip().startswith("sk-pm-")
    assert "shown once" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create",), "--name"),
        (("revoke",), "the id or the name"),
        (("list", "app"), "the id or the name"),
        (("revoke", "nobody"), "none with the id or name"),
        (("create", "--name", "x", "--may", "admin", "-u", "ana"), "cannot be tied"),
        (("create", "--name", "x", "--expires", "2020-01-01"), "in the future"),
        (("create", "--name", " "), "blank"),
        (("create", "--name", "x", "-u", "\U0001f600" * 128, "-a", "\U0001f600" * 128), "too long together"),
    ],
)
def test_a_wrong_key_is_refused(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = cli("keys", *arguments)
    assert ran.code in (1, 2)
    assert said in ran.err


def test_names_that_several_keys_have_revoke_none(cli: Run) -> None:
    for _ in range(2):
        cli("keys", "create", "--name", "app")
    assert "several" in cli("keys", "revoke", "app").err


def test_another_address_is_not_served_without_a_key(cli: Run) -> None:
    ran = cli("serve", "--host", "0.0.0.0")
    assert ran.code == 1
    assert "needs a key" in ran.err
