"""Node → Node: merge two recipes, set one value, drop what says nothing. Nothing is changed in place."""

from __future__ import annotations

from collections.abc import Callable

from lp_runner.recipe.node import Entry, Node, Trail, is_scalar


def merge(under: Node, over: Node) -> Node:
    """Mappings are merged key by key; everything else, and a strategy of another name, is replaced."""
    if _is_strategy(under) and isinstance(over.content, str):
        over = spelled_out(over)
    if _is_strategy(over) and isinstance(under.content, str):
        under = spelled_out(under)
    if not isinstance(under.content, dict) or not isinstance(over.content, dict):
        return over
    if _use(over) not in (None, _use(under)):
        return over
    entries = dict(under.content)
    for name, entry in over.content.items():
        under_it = entries.get(name)
        entries[name] = Entry(entry.key, merge(under_it.node, entry.node)) if under_it else entry
    return Node(entries, over.place)


def spelled_out(node: Node) -> Node:
    """A bare name of a strategy as the mapping that it stands for."""
    if not isinstance(node.content, str):
        return node
    return Node({"use": Entry(node.place, node)}, node.place)


def _is_strategy(node: Node) -> bool:
    return isinstance(node.content, dict) and ("use" in node.content or "with" in node.content)


def _use(node: Node) -> object:
    entry = node.content.get("use") if isinstance(node.content, dict) else None
    return entry.node.content if entry else None


def assign(node: Node, trail: Trail, value: Entry) -> Node:
    """The tree with `value` at `trail`; mappings on the way are made. Raises LookupError (why not)."""
    if not trail:
        return value.node
    if isinstance(node.content, tuple):
        return _assign_item(node, node.content, trail, value)
    inside = spelled_out(node) if node.content is not None else Node({}, value.node.place)
    if isinstance(inside.content, dict):
        return _assign_entry(inside, inside.content, trail, value)
    raise LookupError(f"{trail[0]} can't be set inside {node.content!r}")


def _assign_item(node: Node, items: tuple[Node, ...], trail: Trail, value: Entry) -> Node:
    name = str(trail[0])
    if not name.isdecimal() or int(name) >= len(items):
        raise LookupError(f"{name} is no index of a list of {len(items)}")
    index = int(name)
    item = assign(items[index], trail[1:], value)
    return node._replace(content=(*items[:index], item, *items[index + 1 :]))


def _assign_entry(node: Node, entries: dict[str, Entry], trail: Trail, value: Entry) -> Node:
    name, rest = str(trail[0]), trail[1:]
    old = entries.get(name)
    if old and rest:
        child = Entry(old.key, assign(old.node, rest, value))
    else:
        child = Entry(value.key, assign(Node(None, value.node.place), rest, value))
    changed = {**entries, name: child}
    if name == "use" and _use(node) not in (None, child.node.content):
        changed.pop("with", None)
    return Node(changed, node.place)


def without(node: Node, unwanted: Callable[[str, Node], bool], spared: str = "") -> Node:
    """The tree less the unwanted entries; whatever stands under a key named `spared` stays as it is."""
    if isinstance(node.content, tuple):
        return node._replace(content=tuple([without(item, unwanted, spared) for item in node.content]))
    if not isinstance(node.content, dict):
        return node
    kept = {}
    for name, entry in node.content.items():
        if not unwanted(name, entry.node):
            whole = name == spared or is_scalar(entry.node)
            kept[name] = entry if whole else Entry(entry.key, without(entry.node, unwanted, spared))
    return node._replace(content=kept)
