"""What decisions come to: nothing is lost, nothing vanishes, and no order counts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.parsing import decisions
from powermem._core.parsing.decisions import Decision, asks_to_forget, parse_decisions, resolve, says
from powermem._core.text.terms import terms

PARIS, LYON = "User lives in Paris", "User lives in Lyon"
FORGET = "User wants it forgotten that they live in Paris"
BOTH = "User lived in Paris and lives in Lyon"


def outcome(
    decisions: Collection[Decision], facts: Sequence[str], memories: dict[str, str]
) -> tuple[list[str], set[str], set[str]]:
    """Carry decisions out on plain texts.

    Returns:
        What is current afterwards, and the aliases of what was superseded and deleted.
    """
    current = dict(memories)
    superseded: set[str] = set()
    deleted: set[str] = set()
    new: list[str] = []
    for number, fact in enumerate(facts):
        mine = [item for item in decisions if item.fact == number]
        if not mine or any(item.action in ("ADD", "SUPERSEDE") for item in mine):
            new.append(fact)
    changed = [item.target for item in decisions if item.action in ("UPDATE", "SUPERSEDE", "DELETE")]
    assert len(changed) == len(set(changed)), "no two decisions change one memory"
    for item in decisions:
        if item.action in ("SUPERSEDE", "DELETE"):
            del current[str(item.target)]
            (superseded if item.action == "SUPERSEDE" else deleted).add(str(item.target))
        elif item.action == "UPDATE":
            current[str(item.target)] = str(item.text)
    return [*current.values(), *new], superseded, deleted


def d(action: str, target: str | None = None, text: str | None = None, fact: int = 0) -> Decision:
    return Decision(fact, action, target, text)


ONE: dict[str, tuple[list[Decision], list[str], set[str]]] = {
    "delete and add": ([d("DELETE", "M1"), d("ADD")], [LYON], {"M1"}),
    "delete and supersede": ([d("DELETE", "M1"), d("SUPERSEDE", "M1")], [LYON], {"M1"}),
    "delete and update": ([d("DELETE", "M1"), d("UPDATE", "M1", LYON)], [LYON], {"M1"}),
    "delete and merge": ([d("DELETE", "M1"), d("UPDATE", "M1", BOTH)], [BOTH], set()),
    "delete and none": ([d("DELETE", "M1"), d("NONE", "M1")], [LYON], {"M1"}),
    "delete alone": ([d("DELETE", "M1")], [LYON], {"M1"}),
    "none alone": ([d("NONE", "M1")], [PARIS, LYON], set()),
    "none of nothing": ([d("NONE")], [PARIS, LYON], set()),
    "none and add": ([d("NONE", "M1"), d("ADD")], [PARIS, LYON], set()),
    "update and none": ([d("UPDATE", "M1", BOTH), d("NONE", "M1")], [BOTH], set()),
    "update and add": ([d("UPDATE", "M1", BOTH), d("ADD")], [BOTH], set()),
    "update and supersede": ([d("UPDATE", "M1", LYON), d("SUPERSEDE", "M1")], [LYON], {"M1"}),
    "an update without the fact": ([d("UPDATE", "M1", "User likes tea")], [PARIS, LYON], set()),
    "two texts": ([d("UPDATE", "M1", BOTH), d("UPDATE", "M1", LYON)], [BOTH], set()),
    "none": ([], [PARIS, LYON], set()),
    "all at once": (
        [d("DELETE", "M1"), d("ADD"), d("NONE", "M1"), d("SUPERSEDE", "M1"), d("UPDATE", "M1", LYON)],
        [LYON],
        {"M1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE)
def test_one_fact_and_one_memory(case: str) -> None:
    given, expected, ended = ONE[case]
    for order in permutations(given):
        current, superseded, deleted = outcome(resolve(order, [LYON], {"M1": PARIS}), [LYON], {"M1": PARIS})
        assert (sorted(current), superseded, deleted) == (sorted(expected), ended, set())


@pytest.mark.parametrize("more", [[], [d("NONE", "M1")], [d("SUPERSEDE", "M1")], [d("UPDATE", "M1", FORGET)]])
def test_what_is_to_be_forgotten_is_deleted(more: list[Decision]) -> None:
    for order in permutations([d("DELETE", "M1"), *more]):
        decided = resolve(order, [FORGET], {"M1": PARIS})
        current, superseded, deleted = outcome(decided, [FORGET], {"M1": PARIS})
        assert (superseded, deleted) == (set(), {"M1"})
        assert PARIS not in current
        assert (current == [FORGET]) == any(item.action == "SUPERSEDE" for item in more)


def test_what_is_forgotten_and_said_anew() -> None:
    facts = [FORGET, LYON, "User is at home in Paris"]
    given = [d("DELETE", "M1"), d("SUPERSEDE", "M1", fact=1), d("NONE", "M1", fact=2)]
    for order in permutations(given):
        decided = resolve(order, facts, {"M1": PARIS})
        assert outcome(decided, facts, {"M1": PARIS}) == (facts[1:], set(), {"M1"})


def test_two_facts_and_one_memory() -> None:
    facts, memories = [LYON, "User lives with Bo"], {"M1": PARIS}
    for first in (d("SUPERSEDE", "M1"), d("DELETE", "M1")):
        for second in ("SUPERSEDE", "UPDATE", "DELETE", "NONE"):
            given = [first, d(second, "M1", "User lives in Paris with Bo" if second == "UPDATE" else None, 1)]
            for order in permutations(given):
                assert outcome(resolve(order, facts, memories), facts, memories) == (facts, {"M1"}, set())
    texts = [d("UPDATE", "M1", BOTH), d("UPDATE", "M1", "User lives in Paris with Bo", 1)]
    for order in permutations(texts):
        assert outcome(resolve(order, facts, memories), facts, memories) == ([BOTH, facts[1]], set(), set())


def test_one_fact_may_be_merged_into_two_memories() -> None:
    memories = {"M1": "User drinks tea", "M2": "User drinks coffee"}
    fact = "User drinks no milk"
    texts = {alias: f"{text} with no milk" for alias, text in memories.items()}
    given = [d("UPDATE", alias, text) for alias, text in texts.items()]
    for order in permutations(given):
        assert outcome(resolve(order, [fact], memories), [fact], memories)[0] == list(texts.values())
    # Two memories cannot say the same.
    same = [d("UPDATE", alias, "User drinks tea and coffee, no milk") for alias in memories]
    for order in permutations(same):
        assert sorted(outcome(resolve(order, [fact], memories), [fact], memories)[0]) == [
            "User drinks coffee", "User drinks tea and coffee, no milk"
        ]  # fmt: skip


WORDS = ["tea", "Porto", "dogs", "Bo", "42", "piano", "jazz", "Faro"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(
    lambda words: "User said " + " and ".join(words)
)
FACTS = st.lists(TEXTS | TEXTS.map(lambda text: f"{text}, which is to be forgotten"), min_size=1, max_size=4)
MEMORIES = st.lists(TEXTS, min_size=1, max_size=3, unique=True)
ITEMS = st.fixed_dictionaries(
    {
        "fact": st.integers(-1, 4),
        "action": st.sampled_from(["ADD", "UPDATE", "SUPERSEDE", "DELETE", "NONE", "BURN"]),
        "target": st.sampled_from(["M1", "M2", "M3", "M9", None]),
        "text": TEXTS | st.sampled_from(["", None]),
    }
)


@given(FACTS, MEMORIES, st.lists(ITEMS, max_size=8), st.randoms(use_true_random=False))
def test_no_set_of_decisions_loses_anything(
    facts: list[str], texts: list[str], items: list[dict[str, Any]], random: Any
) -> None:
    memories = {f"M{number}": text for number, text in enumerate(texts, 1)}

    def decide() -> tuple[Decision, ...]:
        return parse_decisions(json.dumps({"decisions": items}), facts=facts, memories=memories).items

    decided = decide()
    current, _, deleted = outcome(decided, facts, memories)
    forgotten = {item.fact for item in decided if item.action == "DELETE"}
    named = {(item["fact"], item["target"]) for item in items if item["action"] == "DELETE"}
    assert all(asks_to_forget(facts[fact]) for fact in forgotten)
    for alias in deleted:
        assert any((fact, alias) in named for fact in forgotten)
    for number, fact in enumerate(facts):
        asked = asks_to_forget(fact) and any(number == of for of, _ in named)
        assert asked or any(says(text, fact) for text in current), fact
    random.shuffle(items)
    assert decide() == decided


@pytest.mark.parametrize(
    "fact",
    [
        "User wants the old address forgotten",
        "Ana asks to forget where she lives",
        "User asked the assistant to delete the note about Bo",
        "User wants the phone number removed",
        "User does not want it remembered that he smokes",
        "User takes back that she likes jazz",
        "Benutzer möchte, dass die Adresse vergessen wird",
        "L'utilisateur veut oublier son adresse",
        "El usuario pide olvidar su dirección",
        "用户要求忘记旧地址",
        "用户希望不再记住他住在巴黎",
        "ユーザーは住所を忘れてほしい",
        "사용자가 주소를 잊어 달라고 했다",
        "Пользователь просит забыть адрес",
        "L'utente chiede di dimenticare l'indirizzo",
        "O usuário pediu para esquecer o endereço",
        "Please forget that I live in Paris",
        "Forget about Paris",
        "Can you forget where I live",
        "User requests removal of the memory about Paris",
        "User wants to erase that they live in Paris",
        "User doesn't want their Paris residence stored",
        "User withdraws the statement that they live in Paris",
        "User said that it was a joke; the statement should be disregarded",
        "User asks to ignore what they said about Paris",
        "User wants the memory of living in Paris wiped",
        "User asks the assistant to clear the memory about Paris",
        "User asked the assistant to stop remembering their meals",
    ],
)
def test_requests_to_forget_are_recognized(fact: str) -> None:
    assert asks_to_forget(fact)


@pytest.mark.parametrize(
    "fact",
    [
        LYON,
        "User forgot the keys at home",
        "User deleted the Facebook account",
        "User removed sugar from the diet",
        "User remembers the war",
        "User no longer eats meat",
        "User often forgets names",
        "User will never forget living in Paris",
        "User asked the assistant not to forget the birthday",
        "User never wants Paris forgotten",
        "User does not remember the name of the street",
        "User cannot remember where the car is parked",
        "User has forgotten the passport in Paris",
        "User wants reminders because he tends to forget things",
        "User likes the song Forget Paris",
        "User's cast will be removed on 3 May",
        "User asked the landlord to remove the lamp",
        "User took back the dress to the shop",
        "User withdrew money in Paris",
        "Benutzer hat den Termin vergessen",
        "L'utilisateur a oublié ses clés à Paris",
        "用户删除了旧账号",
        "用户忘记了密码",
        "ユーザーは鍵を忘れた",
    ],
)
def test_statements_are_no_requests_to_forget(fact: str) -> None:
    assert not asks_to_forget(fact)


def test_each_text_is_cut_into_words_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []

    def counted(text: str) -> list[str]:
        cut.append(text)
        return terms(text)

    monkeypatch.setattr(decisions, "terms", counted)
    facts = [f"User saw bird number {n} with Ana" for n in range(100)]
    memories = {f"M{n}": f"User saw fish number {n} with Bo" for n in range(20)}
    resolve([d("NONE", f"M{n % 20}", fact=n) for n in range(100)], facts, memories)
    # A memory, and of a fact the number and the name.
    assert len(cut) <= len(memories) + 2 * len(facts)


SEVERAL = {
    "delete and update": [d("DELETE", "M1"), d("UPDATE", "M2", LYON)],
    "supersede and update": [d("SUPERSEDE", "M1"), d("UPDATE", "M2", LYON)],
    "two updates": [d("UPDATE", "M1", LYON), d("UPDATE", "M2", f"{LYON} ")],
    "two deletes": [d("DELETE", "M1"), d("DELETE", "M2")],
}


@pytest.mark.parametrize("case", SEVERAL)
def test_a_fact_takes_the_place_of_several_memories(case: str) -> None:
    memories = {"M1": PARIS, "M2": "User is at home in Paris"}
    for order in permutations(SEVERAL[case]):
        current, superseded, deleted = outcome(resolve(order, [LYON], memories), [LYON], memories)
        assert (current, superseded, deleted) == ([LYON], {"M1", "M2"}, set())


@pytest.mark.parametrize(
    "target", ["M1", "m1", "[M1]", '"M1"', ["M1"], PARIS, " user lives in paris ", "M1."]
)
def test_a_memory_may_be_named_in_many_ways(target: object) -> None:
    text = json.dumps({"decisions": [{"fact": 0, "action": "SUPERSEDE", "target": target, "text": None}]})
    found = parse_decisions(text, facts=[LYON], memories={"M1": PARIS})
    assert (found.items, found.rejected) == ((d("SUPERSEDE", "M1"),), ())


@pytest.mark.parametrize(
    ("memory", "fact", "said"),
    [
        ("Ana lives in Porto", "Porto is where Ana lives", True),
        ("Ana plays the old piano", "Ana plays the piano", True),
        (PARIS, LYON, False),
        (PARIS, "User has a dog named Rex", False),
        (PARIS, "User has a dog", False),
        ("User was born in 1980", "User was born in 1981", False),
        ("User meets Bo on Monday", "User meets Al on Monday", False),
        ("用户住在巴黎", "用户住在里昂", False),
        ("用户住在巴黎", "用户住在巴黎", True),
    ],
)
def test_a_memory_says_a_fact_or_not(memory: str, fact: str, said: bool) -> None:
    assert says(memory, fact) is said
