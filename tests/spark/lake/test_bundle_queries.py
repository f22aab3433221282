"""The queries of the Databricks dashboard and alerts run over our views."""

import re

import pytest
from bundle import datasets, filled, of_target

pytestmark = pytest.mark.usefixtures("with_views")


def test_each_query_of_dashboard_and_alerts_runs(spark, lake):
    alerts = of_target("dev")["resources"]["alerts"]
    queries = [*datasets().values(), *(filled(alert["query_text"], of_target("dev")) for alert in alerts.values())]
    for query in queries:
        here = re.sub(r"\bFROM (?:main\.judgelake\.)?(\w+)", lambda match: f"FROM {getattr(lake, match[1])}", query)
        assert spark.sql(here).collect() == [], here
