"""Reading the environment, ``.env`` files, and the shipped example of one."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from pydantic import TypeAdapter

from powermem.config import MemoryConfig, auto_config, ignored, load_config, load_config_from_env, resolve
from powermem.config.environment import from_variables, known_variables
from powermem.config.tables import DETECTED, EMBEDDERS, LLMS, RERANKERS, STORES
from powermem.errors import ConfigError
from powermem.types import ConfigDict

EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with no .env above it, and an environment that says nothing."""
    for name in (*known_variables(), "POWERMEM_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_set(here: Path) -> None:
    config = auto_config()
    assert config == {
        "llm": {"provider": "none", "config": {}},
        "embedder": {"provider": "default", "config": {}},
        "vector_store": {
            "provider": "sqlite",
            "config": {
                "collection_name": "memories",
                "database_path": "./data/powermem_dev.db",
                "enable_wal": True,
                "timeout": 30.0,
                "synchronous": "normal",
                "cache_mb": 1024,
                "partition_files": True,
            },
        },
    }
    assert MemoryConfig(**config) == MemoryConfig()
    assert load_config_from_env() == config
    assert list(here.iterdir()) == []


VARIABLES = {
    "DATABASE_PROVIDER": "oceanbase",
    "OCEANBASE_COLLECTION": "memories",
    "OCEANBASE_HOST": "127.0.0.1",
    "OCEANBASE_PORT": "2881",
    "OCEANBASE_USER": "root@sys",
    "OCEANBASE_PASSWORD": "pass word'#$ü",
    "OCEANBASE_DATABASE": "powermem",
    "OCEANBASE_EMBEDDING_MODEL_DIMS": "1536",
    "OCEANBASE_VECTOR_METRIC_TYPE": "cosine",
    "LLM_PROVIDER": "qwen",
    "LLM_API_KEY": "sk-clé",
    "LLM_MODEL": "qwen-plus",
    "LLM_TEMPERATURE": "0.7",
    "LLM_ENABLE_SEARCH": "yes",
    "LLM_SEARCH_PARAMS": '{"forced_search": true}',
    "EMBEDDING_PROVIDER": "qwen",
    "EMBEDDING_API_KEY": "sk-2",
    "EMBEDDING_DIMS": "1536",
    "POWERMEM_CUSTOM_FACT_EXTRACTION_PROMPT": "只保留食物。 Nur Essen.",
    "POWERMEM_REQUIRE_SCOPE": "true",
    "AUDIT_ENABLED": "false",
}
SAME: dict[str, Any] = {
    "vector_store": {
        "provider": "oceanbase",
        "config": {
            "collection_name": "memories",
            "connection_args": {
                "host": "127.0.0.1",
                "port": 2881,
                "user": "root@sys",
                "password": "pass word'#$ü",
                "db_name": "powermem",
            },
            "embedding_model_dims": 1536,
            "vidx_metric_type": "cosine",
        },
    },
    "llm": {
        "provider": "qwen",
        "config": {
            "api_key": "sk-clé",
            "model": "qwen-plus",
            "temperature": 0.7,
            "enable_search": True,
            "search_params": {"forced_search": True},
        },
    },
    "embedding": {"provider": "qwen", "config": {"api_key": "sk-2", "embedding_dims": 1536}},
    "custom_fact_extraction_prompt": "只保留食物。 Nur Essen.",
    "security": {"require_scope": True},
    "audit": {"enabled": False},
}


def quoted(variables: dict[str, str]) -> str:
    """Write variables as a .env file; double quotes need a backslash before some characters."""
    escaped = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in variables.items()}
    return "".join(f'{name} = "{value}"\n' for name, value in escaped.items())


def test_every_way_in_gives_the_same(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_dict = MemoryConfig(**SAME)
    (here / "config.json").write_text(json.dumps(SAME), encoding="utf-8")
    assert MemoryConfig(**load_config(here / "config.json")) == from_dict
    (here / ".env").write_text(quoted(VARIABLES), encoding="utf-8")
    assert MemoryConfig(**auto_config()) == from_dict
    (here / ".env").unlink()
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert MemoryConfig(**auto_config()) == from_dict
    assert resolve(auto_config(), {}) == resolve(SAME, {}) == resolve(from_dict, {})
    assert json.loads(json.dumps(auto_config())) == auto_config()


def test_the_environment_wins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("SQLITE_PATH=file.db\nSQLITE_TIMEOUT=5\n", encoding="utf-8")
    monkeypatch.setenv("SQLITE_PATH", "environment.db")
    before = dict(os.environ)
    config = auto_config()["vector_store"]["config"]
    assert (config["database_path"], config["timeout"]) == ("environment.db", 5)
    assert dict(os.environ) == before


def test_the_multilingual_embedder_is_chosen(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_PROVIDER", "local")
    monkeypatch.setenv("EMBEDDING_MODEL", "intfloat/multilingual-e5-small")

    assert resolve(auto_config(), {}).embedder.model == "multilingual-e5-small"


def test_where_the_file_is_looked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = here / "a" / "b"
    inner.mkdir(parents=True)
    (here / ".env").write_text("SQLITE_PATH=above.db\n", encoding="utf-8")
    (here / "other.env").write_text("SQLITE_PATH=other.db\n", encoding="utf-8")
    (here / "named.env").write_text("SQLITE_PATH=named.db\n", encoding="utf-8")
    monkeypatch.chdir(inner)

    def found(env_file: Any = None) -> str:
        return str(auto_config(env_file)["vector_store"]["config"]["database_path"])

    assert found() == "above.db"
    monkeypatch.setenv("POWERMEM_ENV_FILE", str(here / "other.env"))
    assert found() == "other.db"
    assert found(here / "named.env") == "named.db"
    assert found("../../named.env") == "named.db"


@pytest.mark.parametrize("through_variable", [False, True])
def test_a_named_file_that_is_not_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, through_variable: bool
) -> None:
    missing = here / "missing.env"
    if through_variable:
        monkeypatch.setenv("POWERMEM_ENV_FILE", str(missing))
    with pytest.raises(ConfigError, match=r"missing\.env: there is no such \.env file"):
        auto_config(None if through_variable else missing)


def test_a_file_that_is_not_text(here: Path) -> None:
    (here / "x.env").write_bytes(b"LLM_API_KEY=\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        auto_config(here / "x.env")


def test_quotes_spaces_comments_and_a_byte_order_mark(here: Path) -> None:
    # The first line is the one that a byte order mark would spoil.
    lines = [
        "export SQLITE_PATH = 'a dir/ü.db'  # a comment",
        "# another",
        "SQLITE_TIMEOUT=",
        "SQLITE_COLLECTION= tidy ",
    ]
    (here / ".env").write_text("\n".join(lines), encoding="utf-8-sig")
    config = auto_config()["vector_store"]["config"]
    assert (config["database_path"], config["timeout"], config["collection_name"]) == (
        "a dir/ü.db",
        30,
        "tidy",
    )


def test_blank_counts_as_not_set(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".env").write_text("SQLITE_PATH=x.db\nLLM_API_KEY=\n", encoding="utf-8")
    monkeypatch.setenv("SQLITE_CACHE_MB", " ")
    monkeypatch.setenv("POWERMEM_ENV_FILE", "  ")
    config = MemoryConfig(**auto_config())
    assert config == MemoryConfig(vector_store={"config": {"database_path": "x.db"}})


@pytest.mark.parametrize("blank", ["", " ", "\t \n"])
def test_no_blank_variable_hides_what_the_file_says(
    here: Path, monkeypatch: pytest.MonkeyPatch, blank: str
) -> None:
    (here / ".env").write_text(quoted(VARIABLES), encoding="utf-8")
    for name in known_variables():
        monkeypatch.setenv(name, blank)
    assert MemoryConfig(**auto_config()) == MemoryConfig(**SAME)


TOLD = [
    ("LLM_MODLE=x", {}, "LLM_MODLE in .env is not read; did you mean LLM_MODEL?"),
    ("EMBEDER_PROVIDER=x", {}, "did you mean EMBEDDING_PROVIDER?"),
    ("EMBEDDER_MODEL=x", {}, "did you mean EMBEDDING_MODEL?"),
    ("llm_provider=openai", {}, "did you mean LLM_PROVIDER?"),
    ("VECTOR_STORE_PROVIDER=postgres", {}, "did you mean DATABASE_PROVIDER?"),
    ("DATABASE_URL=postgres://", {}, "did you mean VECTOR_STORE_CONNECTION_STRING?"),
    ("POWERMEM_FOO=1", {}, "POWERMEM_FOO in .env is not read; see .env.example"),
    ("", {"LLM_PROVDER": "openai"}, "LLM_PROVDER in the environment is not read; did you mean LLM_PROVIDER?"),
    ("", {"OPENAI_APIKEY": "x"}, "did you mean OPENAI_API_KEY?"),
    ("", {"SQLLITE_PATH": "x"}, "did you mean SQLITE_PATH?"),
    ("", {"POWERMEM_HTTP_TIMEOUT": "3"}, "did you mean POWERMEM_HTTP_READ_TIMEOUT?"),
    ("POSTGRES_HOST=h", {}, "POSTGRES_HOST: no effect with DATABASE_PROVIDER=sqlite"),
    ("DATABASE_HOST=h", {}, "DATABASE_HOST: no effect with DATABASE_PROVIDER=sqlite"),
    ("DATABASE_PROVIDER=mysql", {"SQLITE_PATH": "x"}, "SQLITE_PATH: no effect with DATABASE_PROVIDER=mysql"),
    (
        "DATABASE_PROVIDER=seekdb\nOCEANBASE_PASSWORD=p",
        {},
        "OCEANBASE_PASSWORD: no effect without OCEANBASE_HOST",
    ),
    ("LLM_TEMPERATURE=.3", {}, "LLM_TEMPERATURE: no effect with LLM_PROVIDER=none"),
    ("OLLAMA_LLM_BASE_URL=http://h", {}, "OLLAMA_LLM_BASE_URL: no effect with LLM_PROVIDER=none"),
    ("", {"EMBEDDING_BASE_URL": "http://h"}, "EMBEDDING_BASE_URL: no effect with EMBEDDING_PROVIDER=default"),
]


@pytest.mark.parametrize(("text", "environment", "expected"), TOLD)
def test_what_is_set_and_not_read_is_told(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    text: str,
    environment: dict[str, str],
    expected: str,
) -> None:
    (here / ".env").write_text(text, encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    auto_config()
    assert expected in caplog.text


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("", {}),
        (
            "OTHER_PROGRAM=1\nGROQ_API_KEY=x",
            {"PGHOST": "h", "MY_LLM_MODLE": "x", "DATABASE_URL": "sqlite://"},
        ),
        ("LLM_PROVIDER=ollama", {"ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "y", "OPENAI_API_KEY_2": "z"}),
        ("DATABASE_PROVIDER=postgres\nDATABASE_HOST=h\nPOSTGRES_DB=x\nDATABASE_USER=u", {}),
        ("SQLITE_PATH=x.db\nEMBEDDING_DIMS=384\nLLM_MODEL=gpt-4o", {"OPENAI_API_KEY": "y"}),
    ],
)
def test_what_is_read_or_not_ours_is_not_told(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    text: str,
    environment: dict[str, str],
) -> None:
    (here / ".env").write_text(text, encoding="utf-8")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    auto_config()
    assert caplog.text == ""


@pytest.mark.parametrize("provider", ["oceanbase", "seekdb", "postgres", "pgvector", "mysql", "mariadb"])
def test_the_general_names_lead_to_the_chosen_database(provider: str) -> None:
    given = {"HOST": "h", "PORT": "1", "USER": "u", "PASSWORD": "p", "NAME": "n"}
    variables = {f"DATABASE_{name}": value for name, value in given.items()}
    config = from_variables({"DATABASE_PROVIDER": provider, **variables})["vector_store"]["config"]
    assert [config[key] for key in ("host", "port", "user", "password", "db_name")] == ["h", 1, "u", "p", "n"]


def test_the_first_name_counts() -> None:
    keys = {"QWEN_API_KEY": "second", "DASHSCOPE_API_KEY": "third", "LLM_PROVIDER": "qwen"}
    assert from_variables(keys)["llm"]["config"]["api_key"] == "second"
    assert from_variables({**keys, "LLM_API_KEY": "first"})["llm"]["config"]["api_key"] == "first"


@pytest.mark.parametrize("provider", DETECTED)
def test_a_vendors_key_chooses_the_language_model(provider: str) -> None:
    for variable in LLMS[provider].api_key_env:
        config = from_variables({variable: "k"})
        assert config["llm"] == {"provider": provider, "config": {"api_key": "k"}}
        assert config["embedder"]["provider"] == "default"
        assert "reranker" not in config
        assert MemoryConfig(**config).ignored == ()


def test_of_several_keys_the_first_vendor_counts() -> None:
    promised = "the order OPENAI, ANTHROPIC, QWEN (DASHSCOPE), DEEPSEEK, GEMINI (GOOGLE), SILICONFLOW, ZAI"
    assert promised in EXAMPLE.read_text(encoding="utf-8").replace("\n# ", " ")
    assert DETECTED == (
        "openai",
        "anthropic",
        "qwen",
        "deepseek",
        "gemini",
        "siliconflow",
        "zai",
        "openrouter",
    )
    every = {LLMS[name].api_key_env[0]: name for name in DETECTED}
    for name in DETECTED:
        assert from_variables(every)["llm"] == {"provider": name, "config": {"api_key": name}}
        del every[LLMS[name].api_key_env[0]]


def test_a_named_provider_is_not_overruled_by_a_key() -> None:
    config = from_variables({"LLM_PROVIDER": "none", "OPENAI_API_KEY": "k"})
    assert config["llm"]["provider"] == "none"


@pytest.mark.parametrize(
    ("variable", "missing"),
    [
        ("LLM_API_KEY", "LLM_PROVIDER"),
        ("LLM_MODEL", "LLM_PROVIDER"),
        ("EMBEDDING_API_KEY", "EMBEDDING_PROVIDER"),
    ],
)
def test_it_is_not_guessed_whose_key_it_is(variable: str, missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_variables({variable: "hush-hush"})
    assert str(caught.value) == f"{variable} is set, but {missing} is not; set it to the intended provider"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"LLM_PROVIDER": "opnai"},
            "LLM_PROVIDER (llm.provider): unknown provider 'opnai'; did you mean 'openai'?",
        ),
        (
            {"SQLITE_TIMEOUT": "soon"},
            "SQLITE_TIMEOUT (vector_store.config.timeout): expected a number, got 'soon'",
        ),
        (
            {"SQLITE_ENABLE_WAL": "perhaps"},
            "SQLITE_ENABLE_WAL (vector_store.config.enable_wal): expected true or false, got 'perhaps'",
        ),
        (
            {"EMBEDDING_PROVIDER": "openai", "DIMS": "many"},
            "DIMS (embedder.config.embedding_dims): expected an integer, got 'many'",
        ),
        (
            {"LLM_PROVIDER": "zai", "LLM_DEFAULT_HEADERS": '{"a"}'},
            "LLM_DEFAULT_HEADERS (llm.config.default_headers): expected JSON, but at column 5: Expecting ':'",
        ),
        (
            {"INTELLIGENT_MEMORY_DECAY_RATE_MULTIPLIERS": '{"short_term": "x"}'},
            "INTELLIGENT_MEMORY_DECAY_RATE_MULTIPLIERS "
            "(intelligent_memory.decay_rate_multipliers.short_term): expected a number",
        ),
        (
            {"LLM_PROVIDER": "openai", "LLM_BASE_URL": "nowhere"},
            "LLM_BASE_URL (llm.config.base_url): expected a URL",
        ),
        (
            {"POWERMEM_HTTP_MAX_CONNECTIONS": "0"},
            "POWERMEM_HTTP_MAX_CONNECTIONS (http.max_connections): expected a number of at least 1",
        ),
    ],
)
def test_the_variable_is_named(variables: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_variables(variables)
    assert str(caught.value).startswith(said)


def test_every_wrong_variable_has_a_line() -> None:
    with pytest.raises(ConfigError) as caught:
        from_variables({"SQLITE_TIMEOUT": "x", "LLM_PROVIDER": "y", "LLM_DEFAULT_HEADERS": "z"})
    lines = str(caught.value).splitlines()
    assert sorted(line.split(" ")[0] for line in lines) == [
        "LLM_DEFAULT_HEADERS",
        "LLM_PROVIDER",
        "SQLITE_TIMEOUT",
    ]


def uncommented() -> str:
    return re.sub(r"(?m)^#(?=[A-Z][A-Z0-9_]*=)", "", EXAMPLE.read_text(encoding="utf-8"))


def everything() -> dict[str, str]:
    values = dotenv_values(stream=io.StringIO(uncommented()))
    return {name: value for name, value in values.items() if value}


def test_the_example_as_it_is_shipped() -> None:
    assert MemoryConfig(**auto_config(EXAMPLE)) == MemoryConfig()


def test_the_example_names_every_variable_once() -> None:
    names = re.findall(r"(?m)^([A-Z][A-Z0-9_]*)=", uncommented())
    assert len(names) == len(set(names))
    assert set(names) == set(known_variables())
    assert set(everything()) == set(names)


@pytest.mark.parametrize(
    ("variable", "provider"),
    [
        *(("LLM_PROVIDER", name) for name in LLMS),
        *(("EMBEDDING_PROVIDER", name) for name in EMBEDDERS),
        *(("RERANKER_PROVIDER", name) for name in RERANKERS),
        *(("DATABASE_PROVIDER", name) for name in STORES),
    ],
)
def test_the_example_with_every_line_for_every_provider(variable: str, provider: str) -> None:
    config = from_variables({**everything(), variable: provider})
    assert from_variables({**everything(), variable: provider}) == config
    round_trip = MemoryConfig(**config)
    assert MemoryConfig(**json.loads(json.dumps(config))) == round_trip
    assert round_trip.security.require_scope is False


def test_the_type_of_a_configuration_names_each_section() -> None:
    """Those of a configuration, and those that are accepted without effect."""
    sections = {*MemoryConfig.model_fields, *ignored.keys_at(()), *(path[0] for path in ignored.SECTIONS)}
    assert set(ConfigDict.__annotations__) == sections - {"-"}


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "LLM_PROVIDER=openai\nLLM_API_KEY=k\nTIMEZONE=Europe/Rome\nRERANKER_ENABLED=true\nRERANKER_PROVIDER=jina",
        "DATABASE_PROVIDER=postgres\nPOWERMEM_PROCESSING_CONCURRENCY=3\nQUERY_REWRITE_ENABLED=true\nGRAPH_STORE_HOST=h",
        "VISION_PROVIDER=openai\nVISION_API_KEY=k\nPOWERMEM_CUSTOM_IMPORTANCE_EVALUATION_PROMPT=p\nLOGGING_LEVEL=x",
    ],
)
def test_a_configuration_has_the_keys_of_its_type(lines: str) -> None:
    found = from_variables(dotenv_values(stream=io.StringIO(lines)))
    # What the type does not name is left out of what pydantic returns.
    assert TypeAdapter(ConfigDict).validate_python(found, strict=True) == found
