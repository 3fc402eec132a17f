"""PowerMem with the turns around each result, for ``--adapter benchmarks.quality.around:One``."""

from __future__ import annotations

from collections.abc import Sequence

from .adapters import Hit, PowerMem

_LIMIT = 10


class One(PowerMem):
    """A result together with the turn before and the turn after it."""

    name = "with one turn around"
    span = 1

    async def search(self, user: str, query: str, limit: int) -> list[Hit]:
        """Search without a filter; see `search_many`."""
        (found,) = await self.search_many(user, [query], limit)
        return found

    async def search_many(
        self, user: str, queries: Sequence[str], limit: int, threshold: float | None = None
    ) -> list[list[Hit]]:
        """Search without a filter; a hit is a result and what was said around it.

        No more than ten, since what is itself among the results is not said around another.
        """
        limit = min(limit, _LIMIT)
        found = await self._memory.search_many(
            queries, user_id=user, limit=limit, threshold=threshold, around=self.span
        )
        answers = []
        for each in found:
            hits = []
            for item in each["results"]:
                own = self.hit(int(item["id"]), item["memory"])
                beside = [
                    self.hit(turn["id"], turn["memory"]) for turn in item.get("around", []) if turn["id"]
                ]
                turns = own.turns.union(*(hit.turns for hit in beside))
                hits.append(Hit(turns, "\n".join([own.text, *(hit.text for hit in beside)])))
            answers.append(hits)
        return answers


class Two(One):
    """A result together with two turns before and two after it."""

    name = "with two turns around"
    span = 2
