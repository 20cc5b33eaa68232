"""What PostgreSQL wants of GROUP BY and DISTINCT, where SQLite would answer anything."""

from collections.abc import Collection, Iterator

from sqlglot import exp

from domain.errors import Invalid


def require_groups(query: exp.Query, path: str) -> None:
    """Refuses columns that are not the same all over a group."""
    for select in query.find_all(exp.Select):
        group = select.args.get("group")
        having = select.args.get("having")
        order = select.args.get("order")
        if select.args.get("distinct") and order:
            _require_shown(select, order, path)
        outer = [*select.expressions, *([having] if having else [])]
        if not (group or having or any(map(_aggregates, select.expressions))):
            continue
        groups = [_meant(one, select) for one in (group.expressions if group else ())]
        same: set[exp.Expr | str] = {
            *groups,
            *(one.name for one in groups if isinstance(one, exp.Column)),
        }
        for one in outer:
            for column in _loose(one, same):
                message = (
                    f"column {column} must appear in the GROUP BY clause"
                    " or be used in an aggregate function"
                )
                raise Invalid(path, message)


def _meant(node: exp.Expr, select: exp.Select) -> exp.Expr:
    """What a place or a name in GROUP BY is."""
    if isinstance(node, exp.Literal) and node.is_int and 1 <= int(node.name) <= len(select.selects):
        shown: exp.Expr = select.selects[int(node.name) - 1].unalias()
        return shown
    if isinstance(node, exp.Column) and not node.table:
        for one in select.selects:
            if isinstance(one, exp.Alias) and one.alias == node.name:
                return one.unalias()
    return node


def _aggregates(node: exp.Expr) -> bool:
    return any(
        found.parent_select is node.parent_select and not isinstance(found.parent, exp.Window)
        for found in node.find_all(exp.AggFunc)
        if not isinstance(found, exp.RowNumber | exp.Rank | exp.DenseRank)
    )


def _loose(node: exp.Expr, same: Collection[exp.Expr | str]) -> Iterator[str]:
    """The columns of a part that are in no group and in no aggregate."""
    if isinstance(node, exp.AggFunc | exp.Query | exp.Subquery) or node in same:
        return
    if isinstance(node, exp.Star):
        yield "*"
    elif isinstance(node, exp.Column):
        if node.name not in same:
            yield node.name
    else:
        for part in node.iter_expressions():
            yield from _loose(part, same)


def _require_shown(select: exp.Select, order: exp.Order, path: str) -> None:
    names = {shown.alias_or_name for shown in select.selects}
    said = {shown.unalias() for shown in select.selects}
    for one in order.expressions:
        what = one.this
        place = isinstance(what, exp.Literal) and what.is_int
        if not (select.is_star or place or what in said or what.name in names):
            message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise Invalid(path, message)
