# SPDX-License-Identifier: MIT
"""The cases of tests/cases/PROVIDER/NAME/: what the gateway asks a service,
and what it makes of the answers (provider_case.py)."""

import provider_case
from provider_case import Stage

_stages = {}


def stage(provider):
    if provider not in _stages:
        _stages[provider] = Stage(provider)
    return _stages[provider]


def tests():
    for case in provider_case.cases():
        def test(case=case):
            stage(case.provider).run(case)
        yield '%s/%s' % (case.provider, case.name), test


def close():
    stages = list(_stages.values())
    _stages.clear()
    for one in stages:
        one.close()
