"""The store for LangGraph, beside LangGraph's own, and in graphs that ask a local model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("langgraph.store.base")

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from langchain_core.runnables import RunnableConfig
from langgraph.store.base import (
    BaseStore,
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore

from powermem import AsyncMemory, InvalidInputError, Memory
from powermem._core import clock
from powermem.integrations.langgraph import PowerMemStore

LABELS = st.sampled_from(["users", "a/b", "100%", "ä"])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
KEYS = st.sampled_from(["k", "k/l", "ü.md"])
FIELD = st.sampled_from(["Rome", "Oslo", "", 0, 1, 2.5, True, None]) | st.lists(st.integers(0, 1), max_size=2)
VALUES = st.dictionaries(st.sampled_from(["city", "n"]), FIELD, max_size=2) | st.fixed_dictionaries(
    {"deep": st.fixed_dictionaries({"city": FIELD}), "list": st.lists(FIELD, max_size=2)}
)
NUMBER = st.sampled_from([0, 1, 2.5])
OPERAND = st.one_of(
    st.sampled_from(["Rome", "Oslo", ""]),
    st.sampled_from(["$eq", "$ne"]).flatmap(lambda name: st.fixed_dictionaries({name: st.just("Rome")})),
    st.lists(st.integers(0, 1), max_size=2),
    st.fixed_dictionaries({"city": st.just("Rome")}),
)
FILTERS = st.none() | st.dictionaries(st.sampled_from(["city", "deep"]), OPERAND, max_size=2)
CONDITION = st.builds(
    MatchCondition,
    match_type=st.sampled_from(["prefix", "suffix"]),
    path=st.lists(LABELS | st.just("*"), max_size=2).map(tuple),
)
OPS = st.one_of(
    st.builds(
        PutOp, namespace=NAMESPACES, key=KEYS, value=VALUES | st.none(), index=st.none(), ttl=st.none()
    ),
    st.builds(GetOp, namespace=NAMESPACES, key=KEYS, refresh_ttl=st.booleans()),
    st.builds(
        SearchOp,
        namespace_prefix=st.lists(LABELS, max_size=2).map(tuple),
        filter=FILTERS,
        limit=st.integers(1, 4),
        offset=st.integers(0, 2),
        query=st.none(),
        refresh_ttl=st.booleans(),
    ),
    st.builds(
        ListNamespacesOp,
        match_conditions=st.none() | st.lists(CONDITION, max_size=2).map(tuple),
        max_depth=st.none() | st.integers(1, 3),
        limit=st.integers(1, 5),
        offset=st.integers(0, 1),
    ),
)


@pytest.fixture
def store(memory: Memory) -> PowerMemStore:
    return PowerMemStore(memory)


def plain(result: Any) -> Any:
    """Return a result without times, whose items are in no order: the reference groups them by namespace."""
    if isinstance(result, list):
        return sorted((plain(one) for one in result), key=repr)
    return (result.namespace, result.key, result.value) if hasattr(result, "namespace") else result


@settings(max_examples=10, phases=[Phase.generate])
@given(batches=st.lists(st.lists(OPS, max_size=4), max_size=6))
def test_it_does_what_the_reference_does(batches: list[list[Any]]) -> None:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "embedder": {"provider": "none"},
        "llm": {"provider": "none"},
    }
    reference = InMemoryStore()
    with Memory(config) as memory:
        store = PowerMemStore(memory)
        for batch in batches:
            # Pages of items in another order are other pages.
            ops = [
                op._replace(limit=100, offset=0) if isinstance(op, (SearchOp, ListNamespacesOp)) else op
                for op in batch
            ]
            expected = _answers(reference, ops)
            assert [plain(one) for one in store.batch(ops)] == [plain(one) for one in expected]


def _answers(reference: InMemoryStore, ops: list[Any]) -> list[Any]:
    """Ask the reference, which would list namespaces that have no items, or were only asked for."""

    def forget_empty() -> None:
        for namespace in [one for one, items in reference._data.items() if not items]:
            del reference._data[namespace]

    answers: list[Any] = []
    for op in ops:
        answers += [None] if isinstance(op, PutOp) else reference.batch([op])
        forget_empty()
    reference.batch([op for op in ops if isinstance(op, PutOp)])
    forget_empty()
    return answers


def test_items_are_found_by_their_meaning(memory: Memory, store: PowerMemStore) -> None:
    namespace = ("ana", "memories")
    store.put(namespace, "1", {"text": "Ana lives in Rome, near the river."})
    store.put(namespace, "2", {"text": "Ana has a cat called Tom."})
    store.put(("ben",), "1", {"text": "Ben lives in Rome."})
    first, *others = store.search(namespace, query="the cat Tom")
    assert (first.key, first.value["text"]) == ("2", "Ana has a cat called Tom.")
    assert first.score is not None
    assert [one.key for one in others] == ["1"]
    # Applications find it as well, as what it is: a memory.
    assert (
        memory.search("cat", agent_id="langgraph")["results"][0]["memory"]
        == "text: Ana has a cat called Tom."
    )


def test_what_is_not_indexed_is_not_found(store: PowerMemStore) -> None:
    store.put(("a",), "seen", {"text": "a red bicycle", "secret": "blue"}, index=["text"])
    store.put(("a",), "unseen", {"text": "a red bicycle"}, index=False)
    found = {one.key: one.score for one in store.search(("a",), query="red bicycle")}
    assert found["seen"] is not None
    assert found["unseen"] is None


def test_fields_of_the_index(memory: Memory) -> None:
    store = PowerMemStore(memory, index={"fields": ["chapters[*].title"]})
    store.put(("books",), "1", {"chapters": [{"title": "Storms"}, {"title": "Calm"}], "isbn": "17"})
    assert [one["memory"] for one in memory.get_all(agent_id="langgraph")["results"]] == ["Storms\nCalm"]
    with pytest.raises(InvalidInputError, match="dims, embed cannot be set here"):
        PowerMemStore(memory, index={"embed": lambda texts: [[1.0]], "dims": 1})


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        ({"n": {"$gt": 1}}, ["2", "3"]),
        ({"n": {"$gte": 1, "$lt": 3}}, ["1", "2"]),
        ({"n": {"$ne": 2}}, ["1", "3", "none"]),
        ({"n": 2}, ["2"]),
        ({"tags": ["a", "b"]}, ["2"]),
        ({"deep": {"city": "Rome"}}, ["3"]),
        ({"deep": {"city": {"$ne": "Rome"}}}, []),
        ({"a.b": 1}, ["none"]),
        ({"n": 2, "tags": ["a"]}, []),
    ],
)
def test_filters(store: PowerMemStore, conditions: dict[str, Any], keys: list[str]) -> None:
    store.put(("x",), "1", {"n": 1})
    store.put(("x",), "2", {"n": 2, "tags": ["a", "b"]})
    store.put(("x",), "3", {"n": 3, "deep": {"city": "Rome"}})
    store.put(("x",), "none", {"a.b": 1})
    for query in (None, "n"):
        assert sorted(one.key for one in store.search(("x",), filter=conditions, query=query)) == keys


def test_an_unknown_operator_is_refused(store: PowerMemStore) -> None:
    with pytest.raises(InvalidInputError, match="unknown operator"):
        store.search(("x",), filter={"n": {"$near": 1}})


def test_pages(store: PowerMemStore) -> None:
    for number in range(7):
        store.put(("x",), str(number), {"text": f"train {number}", "even": number % 2 == 0})
    for options in ({}, {"query": "train"}, {"filter": {"even": True}}, {"filter": {"text": ["x"]}}):
        whole = [one.key for one in store.search(("x",), limit=100, **options)]
        pages = [
            one.key
            for offset in range(0, 8, 3)
            for one in store.search(("x",), limit=3, offset=offset, **options)
        ]
        assert pages == whole


def test_times_to_live(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    store = PowerMemStore(memory, ttl={"default_ttl": 10, "refresh_on_read": False})
    now = clock.now()
    monkeypatch.setattr("time.time_ns", lambda: now * 1000)
    store.put(("x",), "short", {"n": 1})
    store.put(("x",), "long", {"n": 1}, ttl=30)
    store.put(("x",), "ever", {"n": 1}, ttl=None)

    def keys() -> list[str]:
        return sorted(one.key for one in store.search(("x",), query="n"))

    assert keys() == ["ever", "long", "short"]
    now += 11 * 60 * 1_000_000
    assert keys() == ["ever", "long"]
    assert store.get(("x",), "short") is None
    assert store.get(("x",), "long", refresh_ttl=True) is not None
    now += 25 * 60 * 1_000_000
    assert keys() == ["ever", "long"]
    now += 6 * 60 * 1_000_000
    assert keys() == ["ever"]
    # Its key is free again.
    store.put(("x",), "short", {"n": 2})
    assert keys() == ["ever", "short"]


@pytest.mark.parametrize("namespace", [("a.b",), ("a", ""), ("a\x00",), (1,)])
def test_labels_are_checked_in_batches_too(store: PowerMemStore, namespace: Any) -> None:
    for op in (
        PutOp(namespace, "k", {}),
        GetOp(namespace, "k"),
        SearchOp(namespace),
        ListNamespacesOp((MatchCondition("prefix", namespace),)),
    ):
        with pytest.raises(InvalidNamespaceError):
            store.batch([op])


def test_owners_are_apart(memory: Memory) -> None:
    stores = [
        PowerMemStore(memory, **ids)
        for ids in ({}, {"user_id": "ana"}, {"user_id": "ben"}, {"user_id": "ana", "run_id": "r"})
    ]
    for number, store in enumerate(stores):
        assert store.search(()) == []
        store.put(("x",), "k", {"n": number})
    assert [one.get(("x",), "k").value["n"] for one in stores] == [0, 1, 2, 3]
    stores[1].delete(("x",), "k")
    assert [one.get(("x",), "k") is None for one in stores] == [False, True, False, False]


def test_an_item_keeps_its_birthday(store: PowerMemStore) -> None:
    store.put(("x",), "k", {"n": 1})
    first = store.get(("x",), "k")
    store.put(("x",), "k", {"n": 2})
    second = store.get(("x",), "k")
    assert second.created_at == first.created_at
    assert second.updated_at >= first.updated_at
    # A repeated write is one item.
    assert len(store.search(("x",))) == 1


def test_both_colours_of_either_memory(config: dict[str, Any]) -> None:
    async def awaited() -> None:
        async with AsyncMemory(config) as memory:
            store = PowerMemStore(memory)
            await store.aput(("x",), "k", {"n": 1})
            # Sync calls of a store with an async memory: as those of a node that is no coroutine.
            assert (await asyncio.to_thread(store.get, ("x",), "k")).value == {"n": 1}
            await asyncio.to_thread(store.put, ("x",), "l", {"n": 2})
            assert [one.key for one in await store.asearch(("x",))] == ["k", "l"]
            await store.adelete(("x",), "k")
            assert await store.alist_namespaces() == [("x",)]

    asyncio.run(awaited())
    with Memory(config) as memory:
        store = PowerMemStore(memory)
        assert store.get(("x",), "l").value == {"n": 2}

        async def calls() -> Any:
            return (await store.aget(("x",), "l")).value

        # Each event loop has its own.
        assert [asyncio.run(calls()) for _ in range(2)] == [{"n": 2}, {"n": 2}]


def test_a_database_in_memory_has_one_colour(config: dict[str, Any]) -> None:
    config["vector_store"]["config"]["database_path"] = ":memory:"
    with Memory(config) as memory:
        store = PowerMemStore(memory)
        store.put(("x",), "k", {"n": 1})
        with pytest.raises(InvalidInputError, match=r"Pass an AsyncMemory for async calls"):
            asyncio.run(store.aget(("x",), "k"))


@pytest.fixture
def backend(memory: Memory) -> Any:
    backends = pytest.importorskip("deepagents.backends")
    return backends.StoreBackend(store=PowerMemStore(memory), namespace=lambda runtime: ("ana", "files"))


def test_deepagents_keeps_its_files_in_it(memory: Memory, backend: Any) -> None:
    assert backend.write("/notes/home.md", "Ana lives in Rome.").error is None
    assert backend.edit("/notes/home.md", "Rome", "Oslo").error is None
    assert "Oslo" in str(backend.read("/notes/home.md"))
    assert "/notes/home.md" in str(backend.ls("/notes"))
    assert "home.md" in str(backend.grep("Oslo", path="/"))
    assert "/notes/home.md" in str(backend.glob("**/*.md"))
    found = memory.search("Where does Ana live?", agent_id="langgraph")["results"]
    assert "Oslo" in found[0]["memory"]


def test_a_graph_remembers_across_two_runs(config: dict[str, Any], model: Any) -> None:
    """The example of LangGraph's own page on memory, with this store in the place of its own."""
    from langchain_openai import ChatOpenAI
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import START, MessagesState, StateGraph

    def compiled(memory: Memory) -> Any:
        chat = ChatOpenAI(model="gpt-4o-mini")

        def call_model(state: Any, config: RunnableConfig, *, store: BaseStore) -> Any:
            namespace = ("memories", config["configurable"]["user_id"])
            last = state["messages"][-1].content
            found = store.search(namespace, query=str(last))
            info = "\n".join(one.value["data"] for one in found)
            if "remember" in last.lower():
                store.put(namespace, "name", {"data": "User name is Bob"})
            system = f"You are a helpful assistant talking to the user. User info: {info}"
            return {"messages": chat.invoke([{"role": "system", "content": system}, *state["messages"]])}

        builder = StateGraph(MessagesState)
        builder.add_node(call_model)
        builder.add_edge(START, "call_model")
        return builder.compile(checkpointer=InMemorySaver(), store=PowerMemStore(memory))

    def ask(text: str, user_id: str) -> None:
        with Memory(config) as memory:
            run = {"configurable": {"thread_id": "1", "user_id": user_id}}
            compiled(memory).invoke({"messages": [{"role": "user", "content": text}]}, run)

    ask("Hi! Remember: my name is Bob", "1")
    ask("what is my name?", "1")
    assert "User name is Bob" in model.heard[-1].system
    ask("what is my name?", "2")
    assert "Bob" not in model.heard[-1].system
