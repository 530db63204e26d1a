#!/usr/bin/env python3
"""Writes what C cannot grow by itself from the tables of operations.

    python3 src/ad/ops/generate.py           writes
    python3 src/ad/ops/generate.py --check   only tells which files it would change

What is known of an operation stands in three places: its row in ops.def or nary.def, its prototype in
include/tapegrad/operations.h with the comment that documents it, and, where it has no vector form, its name in
TG_SCALAR_ROWS (rows.h) or its row in nary.def. From these come the text between the marks "generated" in
  - forms.h      lists of names, plain forms, functions of numbers
  - generic.h    the macros that take any mix of vars and numbers
  - operators.h  the same as overloads for C++
  - overload.h   the names without prefix, for C and for C++
  - operations.md, the table in the manual.

The comment of a prototype has up to three parts with " | " between: what it is, its partials, what holds at the edges.
"""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[3]
PUBLIC = 'include/tapegrad/'

# Names that <math.h> has: in C++ the overloads for double exist already.
MATH = set('''sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log log2
log10 log1p pow sqrt cbrt hypot erf erfc lgamma tgamma fabs fmax fmin fdim fmod remainder copysign
floor ceil round trunc rint ldexp fma j0 j1 y0 y1'''.split())
# Written by hand in overload.h: <cmath> has them of three doubles, lerp since C++20 only.
CPP_BY_HAND = {'fma', 'lerp'}
# var.h records these by number (ORDER OP); as macros add and mul take up to 16 operands.
FREQUENT = ['add', 'sub', 'mul', 'divide']
FOLDED = ['add', 'mul']
# What a compiler shows where one of these stands as a condition.
FOR_WHERE = {'less': 'lt', 'less_equal': 'le', 'equal': 'eq'}
ORDINAL = {2: 'second', 3: 'third'}


class Wrong(Exception):
    """Something is missing or not understood; the text says what to do."""


def read(path):
    return (ROOT / path).read_text()


# ---- the rows ----

def arguments(text, start):
    """The arguments of the call whose parenthesis opens at start, and where it ends."""
    depth, begin, found = 0, start + 1, []
    for at in range(start, len(text)):
        depth += (text[at] in '([{') - (text[at] in ')]}')
        if depth == 1 and text[at] == ',' or depth == 0:
            found.append(' '.join(text[begin:at].split()))
            begin = at + 1
        if depth == 0:
            return found
    raise Wrong(f'a parenthesis does not close: {text[start:start + 60]}')


def rows_of(path, kinds):
    """[(kind, [name, column, ...])] in the order of the file."""
    text = re.sub(r'/\*.*?\*/|^#.*?$', '', read(path), flags=re.S | re.M)
    return [(match[1], arguments(text, match.end() - 1))
            for match in re.finditer(rf'^({"|".join(kinds)}) *\(', text, re.M)]


class Operation:
    """An elementary operation or one with many operands, with its prototype."""

    def __init__(self, name, kind, columns):
        self.name, self.kind, self.columns = name, kind, columns
        self.scalar = False  # no vector form in lanes
        self.parameters = self.section = None
        self.what = self.partials = self.edges = ''

    def is_plain(self):
        """Is the value an expression of C alone? Then numbers need no call."""
        return self.kind != 'NARY' and re.fullmatch(r'[-xy+*/<>=!. 0-9]+', self.columns[1]) is not None

    def call(self):
        return f'{self.name}({", ".join(name for _, name in self.parameters)})'


def operations():
    table = {}
    for path, kinds in (('src/ad/ops/ops.def', ['UNARY', 'BINARY', 'TERNARY', 'GUARD']),
                        ('src/ad/nary/nary.def', ['NARY'])):
        for kind, columns in rows_of(path, kinds):
            if columns[0] in table:
                raise Wrong(f'{path}: a second row {columns[0]}')
            table[columns[0]] = Operation(columns[0], kind, columns)
    mark_scalar(table)
    document(table)
    return table


def mark_scalar(table):
    scalar = re.search(r'#define TG_SCALAR_ROWS\(X\)((?:.*\\\n)*.*)\n', read('src/ad/kernels/rows.h'))
    for name in re.findall(r'X\((\w+)\)', scalar[1]):
        if name not in table:
            raise Wrong(f'rows.h: TG_SCALAR_ROWS names {name}, which has no row')
        table[name].scalar = True
    for o in table.values():
        if o.kind == 'NARY':
            o.scalar = 'TG_NARY_SCALAR' in o.columns[2]


# ---- the prototypes ----

PROTOTYPE = re.compile(r'^TG_API (\w+) ?\(tg_(\w+)\)\(([^;]*)\);(?: */\* (.*?) \*/)?', re.M | re.S)


def document(table):
    """Gives every operation the parameters, section and comment of its prototype."""
    text = read(PUBLIC + 'operations.h')
    section, at = '', 0
    for match in PROTOTYPE.finditer(text):
        for title in re.findall(r'^/\* ---- (.*?)\.? ---- \*/$', text[at:match.start()], re.M):
            section = title
        between, at = text[at:match.start()], match.end()
        if match[2] not in table:
            raise Wrong(f'operations.h: tg_{match[2]} has a prototype, but no row in ops.def or nary.def')
        o = table[match[2]]
        above = re.search(r'/\* ((?:(?!\*/).)*) \*/\n\Z', between, re.S)
        comment = match[4] or (above and re.sub(r'\n \* ', ' ', above[1]))
        if not comment:
            raise Wrong(f'operations.h: tg_{o.name} has no comment, behind it or on the line above')
        o.what, o.partials, o.edges = (comment.split(' | ') + ['', ''])[:3]
        o.section = section.split('.')[0]
        o.parameters = [tuple(re.fullmatch(r'(.*?)(\w+)', p.strip()).groups()) for p in match[3].split(',')]
    for o in table.values():
        if o.kind == 'NARY' and o.parameters and [t for t, _ in o.parameters] != LAYOUTS.get(o.columns[1]):
            raise Wrong(f'tg_{o.name}: its parameters in operations.h are not of the layout {o.columns[1]} of nary.def')
        if o.parameters is None:
            raise Wrong(f'operations.h: no prototype TG_API tg_var (tg_{o.name})(...) with a comment for this row')


# The parameters of each layout of nary.def.
LAYOUTS = {'ARRAY': ['const tg_var *', 'size_t '], 'ARRAYS': ['const tg_var *', 'const tg_var *', 'size_t '],
           'INDEXED': ['const tg_var *', 'size_t ', 'tg_var '], 'MAP': ['const tg_var *', 'size_t ', 'tg_var *'],
           'MATRIX': ['const tg_var *'] * 3 + ['size_t '] * 2 + ['tg_var *']}


# ---- many operands: groups of parameters that are vars or numbers together ----

def groups(o):
    """Names of the operands that are vars or numbers together: the last array stands alone, so does a single var."""
    arrays = [name for type_, name in o.parameters if type_ == 'const tg_var *']
    single = [name for type_, name in o.parameters if type_ == 'tg_var ']
    if single:
        return [arrays, single]
    return [arrays[:-1], arrays[-1:]] if len(arrays) > 1 else [arrays]


def returns(o):
    return 'void' if any(type_ == 'tg_var *' for type_, _ in o.parameters) else 'tg_var'


def typed(o, mix):
    """Result and parameters where group k is of vars if mix[k] is v, else of numbers."""
    number = {name for names, what in zip(groups(o), mix) if what == 'd' for name in names}
    one = {name for names in groups(o) for name in names}

    def as_number(type_, name):
        numeric = name in number if name in one else type_ == 'tg_var *' and 'v' not in mix
        return (type_.replace('tg_var', 'double') if numeric else type_) + name
    result = returns(o)
    if result == 'tg_var' and 'v' not in mix:
        result = 'double'
    return result, ', '.join(as_number(type_, name) for type_, name in o.parameters)


def mixes(o):
    return ['v', 'd'] if len(groups(o)) == 1 else ['vv', 'vd', 'dv', 'dd']


def suffix(mix):
    return {'d': '_d', 'dd': '_d', 'vd': '_vd_', 'dv': '_dv_'}.get(mix, '')


def names_of(o):
    return ', '.join(name for _, name in o.parameters)


# ---- the texts ----

def function(head, body):
    """A function on one line, or on four if that is too long."""
    line = f'{head} {{ {body} }}'
    return line if len(line) <= 118 else f'{head}\n{{\n  {body}\n}}'


def forwarded(result, head, called):
    return function(f'inline {result} {head}', f'{"return " if result != "void" else ""}{called};')


def backslashed(head, words):
    """A macro whose body is a list of words."""
    lines = textwrap.wrap(' '.join(words), 106)
    return '\n'.join([head.ljust(109) + '\\'] + [('  ' + line).ljust(109) + '\\' for line in lines[:-1]]
                     + ['  ' + lines[-1]])


def listed(name, members):
    return backslashed(f'#define {name}(X)', [f'X({o.name})' for o in members])


def of_kind(table, *kinds):
    return [o for o in table.values() if o.kind in kinds]


def forms_h(table):
    binary = of_kind(table, 'BINARY')
    if [o.name for o in binary[:len(FREQUENT)]] != FREQUENT:
        raise Wrong(f'ops.def must begin with {", ".join(FREQUENT)}')
    lists = [listed('TG_UNARY_LIST_', of_kind(table, 'UNARY')),
             listed('TG_FREQUENT_LIST_', binary[:len(FREQUENT)]),
             listed('TG_BINARY_LIST_', binary[len(FREQUENT):]),
             listed('TG_TERNARY_LIST_', of_kind(table, 'TERNARY')),
             listed('TG_GUARD_LIST_', of_kind(table, 'GUARD'))]
    plain = []
    for o in table.values():
        if o.is_plain():
            type_ = 'bool' if o.kind == 'GUARD' else 'double'
            operands = 'double x' if o.kind == 'UNARY' else 'double x, double y'
            plain.append(f'static inline {type_} tg_{o.name}_plain_({operands}) {{ return {o.columns[1]}; }}')
    many = []
    for o in of_kind(table, 'NARY'):
        for mix in mixes(o)[1:]:
            result, parameters = typed(o, mix)
            head = f'{result} tg_{o.name}{suffix(mix)}({parameters})'
            if mix == 'vd' and groups(o)[1] == [o.parameters[-1][1]]:  # a number in place of a var
                last = o.parameters[-1][1]
                called = names_of(o)[:-len(last)] + f'tg_constant({last})'
                many.append(function(f'static inline {head}', f'return (tg_{o.name})({called});'))
            else:
                many.append(f'TG_API {head};')
    return {'lists': '\n'.join(lists), 'plain forms': '\n'.join(plain), 'many operands': '\n'.join(many)}


def generic_macro(o):
    f = f'tg_{o.name}'
    if o.name in FREQUENT:
        return f'#define {f}(...) TG_{"FOLD" if o.name in FOLDED else "PAIR"}_({f}, __COUNTER__, __VA_ARGS__)'
    if o.kind == 'NARY':
        return many_macro(o)
    kind = 'SIMPLE' if o.kind == 'UNARY' and o.is_plain() else o.kind
    x = {'UNARY': 'x', 'TERNARY': 'x, y, z'}.get(o.kind, 'x, y')
    note = f' /* a var, for where; for `if` there is tg_{FOR_WHERE[o.name]} */' if o.name in FOR_WHERE else ''
    return f'#define {f}({x}) TG_{kind}_({f}, {x}, __COUNTER__){note}'


def many_macro(o):
    f, x, parts = f'tg_{o.name}', names_of(o), groups(o)
    if len(parts) == 1:
        return f'#define {f}({x}) TG_BY_ARRAY_({parts[0][0]}, ({f}), {f}_d)({x})'
    if 'tg_var ' in [type_ for type_, _ in o.parameters]:
        return f'#define {f}({x}) TG_INDEX_({f}, {x}, __COUNTER__)'
    place = 1 + [name for _, name in o.parameters].index(parts[1][0])
    if place not in ORDINAL:
        raise Wrong(f'tg_{o.name}: generic.h has no message for a wrong array in place {place}')
    return f'#define {f}({x}) TG_TWO_ARRAYS_({f}, {parts[0][0]}, {parts[1][0]}, {ORDINAL[place]})({x})'


def generic_h(table):
    return {'macros': '\n'.join(generic_macro(o) for o in table.values())}


def operators_h(table):
    lines = []
    for o in of_kind(table, 'NARY'):
        for mix in mixes(o)[1:]:
            result, parameters = typed(o, mix)
            lines.append(forwarded(result, f'tg_{o.name}({parameters})', f'tg_{o.name}{suffix(mix)}({names_of(o)})'))
    return {'many operands': '\n'.join(lines)}


def overload_h(table):
    short = []
    for o in table.values():
        x = '...' if o.name in FREQUENT else {'UNARY': 'x', 'BINARY': 'x, y', 'GUARD': 'x, y', 'TERNARY': 'x, y, z'}.get(
            o.kind) or names_of(o)
        short += [f'#undef {o.name}',
                  f'#define {o.name}({x}) tg_{o.name}({"__VA_ARGS__" if x == "..." else x})']
    lists = []
    for kind, count in (('UNARY', 1), ('BINARY', 2), ('TERNARY', 3)):
        members = [o for o in of_kind(table, kind) if o.name not in CPP_BY_HAND]
        for head, inside in (('MATH', True), ('OWN', False)):
            chosen = [o for o in members if (o.name in MATH) == inside]
            if chosen:
                lists.append(listed(f'TG_{head}_{count}_', chosen))
    many = []
    for o in of_kind(table, 'NARY'):
        for mix in mixes(o):
            result, parameters = typed(o, mix)
            many.append(forwarded(result, f'{o.name}({parameters})', f'tg_{o.name}({names_of(o)})'))
    return {'short names': '\n'.join(short), 'lists': '\n'.join(lists), 'many operands': '\n'.join(many)}


def operations_md(table):
    def cell(text):
        return text.replace('|', '\\|')
    ordered = re.findall(r'\(tg_(\w+)\)\(', read(PUBLIC + 'operations.h'))
    lines, section = ['', '| operation | what it is | partials | at the edges | in lanes |', '|---|---|---|---|---|'], None
    for o in (table[name] for name in ordered if name in table):
        if o.section != section:
            section = o.section
            lines.append(f'| **{section}** | | | | |')
        lines.append(f'| `{o.call()}` | {cell(o.what)} | {cell(o.partials)} | {cell(o.edges)} |'
                     f' {"sample by sample" if o.scalar else ""} |')
    return {'table': '\n'.join(lines + [''])}


# ---- the files ----

TEXTS = {PUBLIC + 'forms.h': forms_h, PUBLIC + 'generic.h': generic_h, PUBLIC + 'operators.h': operators_h,
         PUBLIC + 'overload.h': overload_h, 'examples/manual/operations.md': operations_md}


def marks(path, part):
    """The lines before and after a generated part. What clang-format lays out stands outside of them."""
    if path.endswith('.md'):
        return f'<!-- generated by src/ad/ops/generate.py: {part} -->\n', f'<!-- end: {part} -->\n'
    return (f'/* generated by src/ad/ops/generate.py: {part} */\n/* clang-format off */\n',
            f'/* clang-format on */\n/* end: {part} */\n')


def written(path, parts):
    """The file with its generated parts as they should be."""
    text = read(path)
    for part, inner in parts.items():
        begin, end = marks(path, part)
        if text.count(begin) != 1 or text.count(end) != 1:
            raise Wrong(f'{path}: the marks of the generated part "{part}" are not there')
        head, rest = text.split(begin)
        text = head + begin + inner.rstrip('\n') + ('\n\n' if path.endswith('.md') else '\n') + end + rest.split(end)[1]
    return text


def main():
    check = sys.argv[1:] == ['--check']
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    stale = []
    try:
        table = operations()
        for path, make in TEXTS.items():
            text = written(path, make(table))
            if text != read(path):
                stale.append(path)
                if not check:
                    (ROOT / path).write_text(text)
    except Wrong as wrong:
        sys.exit(f'generate.py: {wrong}')
    for path in stale:
        print(f'{path} {"differs from the rows: run python3 src/ad/ops/generate.py" if check else "written"}')
    return 1 if check and stale else 0


if __name__ == '__main__':
    sys.exit(main())
