"""The configuration from ``.env`` in the current directory, and from the environment, which wins.

To try it, write a file ``.env`` such as

    SQLITE_PATH=./data/with_env.db
    LLM_PROVIDER=openai
    LLM_API_KEY=your key

Without one, the store is ./data/powermem_dev.db and rules find the facts. The file ``.env.example`` lists
every setting.
"""

from __future__ import annotations

from powermem import Memory, MemoryConfig, auto_config


def main() -> None:
    config = MemoryConfig(**auto_config())
    shown = config.masked()
    for section in ("vector_store", "embedder", "llm"):
        print(f"{section}: {shown[section]['provider']}")
    with Memory(config) as memory:
        memory.add("My sister Leila lives in Oslo.", user_id="alice")
        for hit in memory.search("Who lives in Norway?", user_id="alice")["results"]:
            print(f"{hit['score']:.2f} {hit['memory']}")


if __name__ == "__main__":
    main()
