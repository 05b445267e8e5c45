# SPDX-License-Identifier: MIT
"""The alert rules and the dashboard in share/: what they name is exported."""

import json
import os
import re
import shutil

import harness
from harness import SRC, holds, same
from t_metrics import promtool

RULES = os.path.join(SRC, 'share', 'alerts.yaml')
PLAYED = os.path.join(harness.TESTS, 'cases', 'alerts', 'alerts_test.yaml')
DASHBOARD = os.path.join(SRC, 'share', 'dashboard.json')
NAME = re.compile(r'ctim_relay_[a-z_]+')


def exported():
    """The metrics of the manual, which are those of the pool (t_metrics.py)."""
    page = harness.read(os.path.join(SRC, 'man', 'ctim-relay.fcgi.8'))
    return set(re.findall(r'^\.It Li (ctim_relay_\w+)', page, re.M))


def named(text):
    """The metrics that a text names, those of a histogram by its own name."""
    return {re.sub('_(bucket|sum|count)$', '', name)
            for name in NAME.findall(text)}


def test_rules_name_what_is_exported():
    same(named(harness.read(RULES)) - exported(), set(), 'not exported')


def test_rules_are_good():
    promtool('check', 'rules', RULES)


def test_each_alert_is_raised_and_not_without_cause():
    """promtool test rules; every alert is played."""
    folder = harness.folder('alerts')
    for path in (RULES, PLAYED):
        shutil.copy(path, folder)
    promtool('test', 'rules', os.path.join(folder, os.path.basename(PLAYED)))
    alerts = set(re.findall(r'- alert: (\w+)', harness.read(RULES)))
    played = re.findall(r'alertname: (\w+)\n +exp_alerts:\n',
                        harness.read(PLAYED))
    same(alerts, set(played), 'alerts that are raised')


def test_dashboard_shows_what_is_exported_and_all_of_it():
    text = harness.read(DASHBOARD)
    board = json.loads(text)
    panels = board['panels']
    same(len({p['id'] for p in panels}), len(panels), 'ids of panels')
    expressions = [t['expr'] for p in panels for t in p.get('targets', ())]
    for expression in expressions:
        holds(expression.count('(') == expression.count(')'), expression)
    same(named(' '.join(expressions)), exported(), 'metrics')
    # Nothing lies over anything else.
    places = set()
    for panel in panels:
        at = panel['gridPos']
        for x in range(at['x'], at['x'] + at['w']):
            for y in range(at['y'], at['y'] + at['h']):
                holds((x, y) not in places and x < 24, panel['title'])
                places.add((x, y))
