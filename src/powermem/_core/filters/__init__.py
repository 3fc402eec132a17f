r"""Filters: dicts that select memories, with the same meaning on every store.

``parse`` checks a dict and converts it to a tree. ``matches`` evaluates the tree for a row in Python;
``_core.sql.filters.compile_filter`` compiles it to SQL. Both select the same rows.

Contents
    ``{"k": v}``: equals; ``{"k": [a, b]}``: is one of; ``{"k": "*"}``: has any value;
    ``{"k": {operator: operand}}``: comparison. Several operators are ANDed, and so are several keys of a
    dict. ``{"AND": [...]}``, ``{"OR": [...]}`` and ``{"NOT": {...}}`` can be nested; ``{"NOT": [...]}`` means
    none of them. Operators and connectives may start with ``$``. Connectives are written ``AND``, ``$and`` or
    ``$AND``; a bare ``and`` is refused, since it is more often a mistake than a metadata key.

Fields
    ``id``, ``memory``, ``hash``, ``user_id``, ``agent_id``, ``run_id``, ``actor_id``, ``memory_type``,
    ``created_at``, ``updated_at``, ``valid_from``, ``valid_to`` and ``expires_at`` are fields of the memory.
    ``title``, ``tags`` and ``categories`` are what extraction found, or the metadata key of that name: it
    is enough that one of them passes. Found tags and categories equal a text, and are in a list of texts,
    if one of them is. Any other name is a metadata key. ``metadata.k`` is always a metadata key, whatever
    its name, so ``metadata.user_id`` is data and never a scope. A filter is ANDed with the scope of the
    call: it can narrow the scope but not widen it.

    ``a.b`` is the metadata key literally named ``a.b`` if it has a value, otherwise the key ``b`` of the
    object ``a``. There is no access to items of lists. ``category`` is the metadata key of that name if it
    has a value, otherwise ``memory_type``; it takes text only.

Missing values
    Null and missing are the same: equality with ``None`` matches both, and ``exists`` and ``"*"`` match
    neither. ``ne`` is exactly NOT ``eq``, and ``nin`` is NOT ``in``. So a missing key matches ``exists:
    false``, ``ne`` and ``nin`` (unless they name ``None``), equality with ``None``, and nothing else.

Types
    Only values of the same type compare: numbers with numbers (integers and floats by exact value), text with
    text by code point, booleans with booleans; ``True`` is not 1. A value of another type is neither equal
    nor greater nor less. ``eq`` with a list means exactly that list. ``contains`` is a substring of text or a
    member of a list; ``icontains`` is the same for text, ignoring case. ``like`` matches a whole text,
    case-sensitively: ``%`` is any run of characters, ``_`` any single one, and ``\`` escapes the next one.
    Times are ISO-8601 strings, datetimes, or seconds since the epoch. Ids may be decimal strings.

Edge cases
    An empty ``in`` matches nothing and an empty ``nin`` everything; an empty ``AND`` everything and an empty
    ``OR`` nothing. Integers beyond 64 bits, NaN, infinities and NUL characters are refused in a filter, since
    not every store can compare them. Stored values of that kind are still compared exactly.
"""
