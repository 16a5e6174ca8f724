"""Queries written with the ORM and compiled once: what the desk asks for with every label.

Building and compiling a query costs the ORM ten to twenty times what running it does, and the desk sends the
same dozen with other values each time. A query is written as ever, with a ``Slot`` where a value will stand;
it is compiled at its first use on a connection, and from then on only filled in and run.
docs/decisions/0004-prepared-queries.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.query import RelatedPopulator, get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery

Row = TypeVar("Row", bound=Model)
Fields = dict[str, "Field[Any, Any]"]


class Slot(Expression):
    """The place of a value that is known when the query is run; ``output_field`` adapts it."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Slot]]:  # type: ignore[override]  # filled in later
        return "%s", [self]

    def adapt(self, values: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(values[self.name], connection=connection)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What compiling found out: all that is needed to make instances of rows."""

    sql: str
    params: Sequence[Any]
    model: type[Model]
    names: list[str]
    start: int
    end: int
    populators: list[RelatedPopulator]
    annotations: dict[str, int]
    compiler: Any
    converters: Any


@dataclass(frozen=True, slots=True)
class _InsertPlan:
    """``params`` holds fields where the instance's own value goes, and slots where the caller's goes."""

    sql: str
    params: Sequence[Any]
    returned: Sequence[Any]
    compiler: Any
    converters: Any


class Prepared(Generic[Row]):
    """``build`` is called once on each connection, with a Slot for each of ``fields``."""

    def __init__(self, build: Callable[..., QuerySet[Row]], **fields: Field[Any, Any]) -> None:
        self._build, self._fields = build, fields
        self._plans: WeakKeyDictionary[Any, _Plan] = WeakKeyDictionary()

    def rows(self, **values: Any) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection)
        if plan is None:
            plan = self._plans[connection] = _compile(self._build(**_slots(self._fields)), connection)
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, _filled(plan.params, values, connection))
            found: Any = cursor.fetchall()
        if plan.converters:
            found = plan.compiler.apply_converters(found, plan.converters)
        return [self._instance(plan, row) for row in found]

    def first(self, **values: Any) -> Row | None:
        return next(iter(self.rows(**values)), None)

    def _instance(self, plan: _Plan, row: Any) -> Any:
        made = plan.model.from_db(DEFAULT_DB_ALIAS, plan.names, row[plan.start : plan.end])
        for populator in plan.populators:
            populator.populate(row, made)
        for name, place in plan.annotations.items():
            setattr(made, name, row[place])
        return made


class PreparedValues:
    """A ``values_list``: bare rows, for what is not worth an instance."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **fields: Field[Any, Any]) -> None:
        self._build, self._fields = build, fields
        self._plans: WeakKeyDictionary[Any, tuple[str, Sequence[Any]]] = WeakKeyDictionary()

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """As the database gives them: for numbers and texts, which need no converting."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection)
        if plan is None:
            compiler: Any = self._build(**_slots(self._fields)).query.get_compiler(connection=connection)
            plan = self._plans[connection] = compiler.as_sql()
        with connection.cursor() as cursor:
            cursor.execute(plan[0], _filled(plan[1], values, connection))
            return list(cursor.fetchall())


class PreparedUpdate:
    """An UPDATE; ``build`` gives the rows and what is written to them."""

    def __init__(
        self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]], **fields: Field[Any, Any]
    ) -> None:
        self._build, self._fields = build, fields
        self._plans: WeakKeyDictionary[Any, tuple[str, Sequence[Any]]] = WeakKeyDictionary()

    def run(self, **values: Any) -> int:
        """Write; returns how many rows there were."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection)
        if plan is None:
            rows, changes = self._build(**_slots(self._fields))
            query: Any = rows.query.chain(UpdateQuery)
            query.add_update_values(changes)
            plan = self._plans[connection] = query.get_compiler(connection=connection).as_sql()
        with connection.cursor() as cursor:
            cursor.execute(plan[0], _filled(plan[1], values, connection))
            return int(cursor.rowcount)


class PreparedInsert(Generic[Row]):
    """An INSERT of one new instance, saved as ``save`` would; signals are not sent.

    With ``ignore_conflicts``, a row that a constraint refuses is left out and ``run`` says False.
    ``computed`` gives the fields whose value the database finds, as expressions, each made with a Slot for
    what it needs.
    """

    def __init__(
        self,
        model: type[Row],
        *,
        ignore_conflicts: bool = False,
        computed: Callable[..., dict[str, Any]] = dict,
        **slots: Field[Any, Any],
    ) -> None:
        self._model, self._ignore = model, ignore_conflicts
        self._computed, self._slots = computed, slots
        self._plans: WeakKeyDictionary[Any, _InsertPlan] = WeakKeyDictionary()

    def run(self, made: Row, **values: Any) -> bool:
        """Store it; its key and what the database computed are set on it."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = self._plans.get(connection) or self._compile(connection)
        params = [
            part.adapt(values, connection)
            if isinstance(part, Slot)
            else part.get_db_prep_save(part.pre_save(made, True), connection)
            if isinstance(part, Field)
            else part
            for part in plan.params
        ]
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, params)
            row: Any = cursor.fetchone()
        if row is None:
            return False
        if plan.converters:
            (row,) = plan.compiler.apply_converters([row], plan.converters)
        for field, value in zip(plan.returned, row, strict=True):
            setattr(made, field.attname, value)
        made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
        return True

    def _compile(self, connection: Any) -> _InsertPlan:
        computed = self._computed(**_slots(self._slots))
        meta: Any = self._model._meta
        fields = [one for one in meta.concrete_fields if not one.primary_key]
        stand_ins = {one.attname: computed.get(one.name, Slot(one.attname, one)) for one in fields}
        query: Any = InsertQuery(
            self._model, on_conflict=OnConflict.IGNORE if self._ignore else None, unique_fields=[]
        )
        # Raw: the stand-ins are written as they are; ``pre_save`` is asked of each instance.
        query.insert_values(fields, [_Bag(stand_ins)], raw=True)
        returned = [meta.pk, *(one for one in fields if one.name in computed)]
        compiler: Any = query.get_compiler(connection=connection)
        compiler.returning_fields = returned
        ((sql, params),) = compiler.as_sql()
        by_name = {one.attname: one for one in fields}
        plan = self._plans[connection] = _InsertPlan(
            sql=sql,
            params=[by_name.get(part.name, part) if isinstance(part, Slot) else part for part in params],
            returned=returned,
            compiler=compiler,
            converters=compiler.get_converters([one.get_col(meta.db_table) for one in returned]),
        )
        return plan


class _Bag:
    """Attributes by name: what an INSERT is compiled with in place of an instance."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


class _Fetched:
    """Rows at hand in place of a queryset; asked for anything but the rows, it becomes the queryset.

    Making a related queryset costs more than fetching the two rows that are in it.
    """

    def __init__(self, instance: Model, name: str, rows: list[Any]) -> None:
        self._instance, self._name, self._rows = instance, name, rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: Any) -> Any:
        return self._rows[place]

    def all(self) -> _Fetched:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kept: Any = self._instance
        del kept._prefetched_objects_cache[self._name]
        try:
            related = getattr(kept, self._name).all()
        finally:
            kept._prefetched_objects_cache[self._name] = self
        related._result_cache, related._prefetch_done = self._rows, True
        return getattr(related, name)


def keep_related(instance: Model, name: str, rows: list[Row]) -> None:
    """What ``prefetch_related`` does, with rows that are at hand: ``instance.name.all()`` asks nobody."""
    kept: Any = instance
    if not hasattr(kept, "_prefetched_objects_cache"):
        kept._prefetched_objects_cache = {}
    kept._prefetched_objects_cache[name] = _Fetched(instance, name, rows)


def keep_none(instance: Model, name: str) -> None:
    """What ``select_related`` does where there is no row: ``instance.name`` asks nobody."""
    field: Any = instance._meta.get_field(name)
    field.set_cached_value(instance, None)


def _slots(fields: Fields) -> dict[str, Slot]:
    return {name: Slot(name, field) for name, field in fields.items()}


def _filled(params: Sequence[Any], values: dict[str, Any], connection: Any) -> list[Any]:
    return [one.adapt(values, connection) if isinstance(one, Slot) else one for one in params]


def _compile(rows: QuerySet[Any], connection: Any) -> _Plan:
    compiler: Any = rows.query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    places = compiler.klass_info["select_fields"]
    start, last = places[0], places[-1]
    columns = [column[0] for column in compiler.select]
    # The stubs are those of a later Django.
    populators_of: Any = get_related_populators
    return _Plan(
        sql=sql,
        params=params,
        model=compiler.klass_info["model"],
        names=[column.target.attname for column in columns[start : last + 1]],
        start=start,
        end=last + 1,
        populators=populators_of(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS),
        annotations=compiler.annotation_col_map,
        compiler=compiler,
        converters=compiler.get_converters(columns),
    )
