"""Runs SQL given on stdin as JSON; started with the venv's Python for psycopg2.

A separate program, because the set-up itself runs before psycopg2 exists.
Input: {"dsn": {...}, "statements": [...]}; output: rows of the last statement that
returned any, or {"error": text}.
"""

import json
import sys

import psycopg2


def main():
    """Run every statement in its own transaction (CREATE DATABASE wants that)."""
    request = json.load(sys.stdin)
    rows = []
    try:
        connection = psycopg2.connect(connect_timeout=10, **request["dsn"])
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in request["statements"]:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else rows
        connection.close()
    except psycopg2.Error as error:
        json.dump({"error": str(error).strip()}, sys.stdout)
        return
    json.dump({"rows": rows}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
