# SPDX-License-Identifier: Apache-2.0
"""Makes a header of the page's style and script, with the hashes by which the page allows them and nothing else.

usage: embed_assets.py page.css page.js > page_assets.h
"""
import base64
import hashlib
import sys


def constant(name, text):
    lines = "".join('    "' + line.replace("\\", "\\\\").replace('"', '\\"') + '\\n"\n' for line in text.splitlines())
    return f"inline constexpr std::string_view {name} =\n{lines.rstrip()};\n"


def main(style_path, script_path):
    print("// Made by embed_assets.py.\n#ifndef PAGE_ASSETS_H_\n#define PAGE_ASSETS_H_\n\n#include <string_view>\n")
    print("namespace randguard::page_assets {\n")
    for name, path in (("Style", style_path), ("Script", script_path)):
        with open(path, encoding="utf-8") as file:
            text = "".join(line + "\n" for line in file.read().splitlines())
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        print(constant("k" + name, text))
        print(f'inline constexpr std::string_view k{name}Hash = "sha256-{digest}";\n')
    print("}  // namespace randguard::page_assets\n\n#endif  // PAGE_ASSETS_H_")


if __name__ == "__main__":
    main(*sys.argv[1:])
