"""Hooks of SnapStart. Nothing takes snapshots here, so none is ever run; functions that register them load as on AWS."""


def register_before_snapshot(func, *_args, **_kwargs):
    """To be called by itself or as a decorator."""
    return func


def register_after_restore(func, *_args, **_kwargs):
    """To be called by itself or as a decorator."""
    return func
