#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page is well formed and tells of every option that --help tells of, and of no other."""
import re
import shutil
import subprocess
import sys
import unittest

USHER, PAGE = sys.argv[1:3]


def options_of_help():
    text = subprocess.run([USHER, "--help"], stdout=subprocess.PIPE, check=True, text=True).stdout
    found = set()
    for line in text.splitlines():
        if re.match(r" {2,6}-", line):
            found.update(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", line[:25]))
    return found


def options_of_page():
    found = set()
    with open(PAGE, encoding="utf-8") as page:
        for line in page:
            if line.startswith(".It Fl"):
                found.update("-" + word for word in re.findall(r"Fl (-?[\w-]+)", line))
    return found


class Manual(unittest.TestCase):
    def test_every_option_of_the_help_stands_in_the_page(self):
        of_help = options_of_help()
        self.assertGreaterEqual(len(of_help), 15)
        self.assertEqual(of_help, options_of_page())

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_finds_nothing(self):
        said = subprocess.run(["mandoc", "-Tlint", PAGE], stdout=subprocess.PIPE, text=True).stdout
        said = [line for line in said.splitlines() if "referenced manual not found" not in line]
        self.assertEqual(said, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
