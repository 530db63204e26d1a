"""The tree is as it is said to be.

usage: tree.py layers|guide ROOT

layers  each folder of src includes only from those before it: src/tape, the folders of src/ad in the order of
        src/ad/meson.build, src/optim, which knows nothing of src/ad but for one file, the bridge
guide   what HACKING.md and the other pages at the top name is there: files, folders, functions
"""
import pathlib
import re
import sys

PAGES = ['CONTRIBUTING.md', 'HACKING.md', 'README.md', 'SECURITY.md']
BRIDGE = 'objective_ad.c'
SOURCES = ['.c', '.h', '.def', '.inc']


def order(root):
    line = re.search(r'ad_includes = include_directories\((.*?)\)', (root / 'src/ad/meson.build').read_text(), re.S)
    return ['src/tape'] + ['src/ad/' + name for name in re.findall(r"'(.*?)'", line[1])] + ['src/optim']


def layers(root):
    folders = order(root)
    paths = sorted(path for path in (root / 'src').rglob('*') if path.suffix in SOURCES)
    place = {path: path.parent.relative_to(root).as_posix() for path in paths}
    wrong = sorted({f'{folder} has no place in the order' for folder in place.values() if folder not in folders})
    home = {}
    for path in paths:
        if path.suffix != '.c' and home.setdefault(path.name, place[path]) != place[path]:
            wrong.append(f'{path.name} is in {home[path.name]} and in {place[path]}')
    if wrong:
        return wrong
    for path in paths:
        for name in re.findall(r'^\s*#\s*include "(.*?)"', path.read_text(), re.M):
            if name not in home:
                continue  # a public header
            up = folders.index(home[name]) > folders.index(place[path])
            over = place[path] == 'src/optim' and home[name].startswith('src/ad/') and path.name != BRIDGE
            if up or over:
                wrong.append(f'{path.relative_to(root)} includes {name} of {home[name]}')
    return wrong


def named(text):
    """What stands in backquotes outside of blocks, and where links lead."""
    text = re.sub(r'^```.*?^```', '', text, flags=re.M | re.S)
    return re.findall(r'`([^`\n]+)`', text) + re.findall(r'\]\(([^)#:]+)\)', text)


def is_there(root, name, files, code):
    if re.fullmatch(r'(src|include|tests|examples|\.ci)(/[\w.*-]+)*/?', name):
        return any(root.glob(name.rstrip('/')))
    if re.fullmatch(r'[\w*-]+(\.[\w-]+)*\.(c|h|def|inc|py|sh|md|build|txt|ini)', name):
        return any(pathlib.PurePath(file).match(name) for file in files)
    if re.fullmatch(r'(tg|TG)_\w+', name):
        return re.search(r'\b' + name + r'\b', code) is not None
    return True


def guide(root):
    files = [path for folder in ('src', 'include', 'tests', 'examples', '.ci') for path in (root / folder).rglob('*')]
    code = '\n'.join(path.read_text(errors='replace') for path in files if path.suffix in SOURCES)
    names = [path.name for path in files] + [path.name for path in root.iterdir()]
    return [f'{page} names {name}, which is not there' for page in PAGES
            for name in named((root / page).read_text())
            if not re.search(r'NAME', name) and not is_there(root, name, names, code)]


def main():
    wrong = {'layers': layers, 'guide': guide}[sys.argv[1]](pathlib.Path(sys.argv[2]))
    print('\n'.join(wrong))
    return len(wrong) > 0


sys.exit(main())
