"""Compile what must compile without a warning, and what must not with a readable error.

usage: compile.py accept|reject|headers|generated|callable|names|speed ROOT COMPILER...
ROOT is the source tree; a compiler is a C compiler unless its name has ++ in it.
"""
import itertools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror']
C_FORMS = [['-std=c11', '-Wdouble-promotion'], ['-std=c11', '-DTG_ISO_MACROS'], ['-std=gnu17', '-O0']]
CPP_FORMS = [['-std=c++17'], ['-std=c++20']]
LONGEST_MESSAGE = 60  # lines, of which compilers spend three for each macro on the way
SLOWEST = 20.0        # seconds; a tenth is usual, and an expansion that doubles at each level takes minutes


def is_cpp(compiler):
    return '++' in pathlib.Path(compiler).name


def compile_source(compiler, flags, path, root):
    with tempfile.TemporaryDirectory() as out:
        command = [compiler, '-O1', *flags, '-I', str(root / 'include'), '-c', str(path), '-o', f'{out}/x.o']
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SLOWEST)
        except subprocess.TimeoutExpired:
            return 1, f'takes longer than {SLOWEST} s to compile'
        return done.returncode, done.stderr


def cases(compilers, suffixes):
    for compiler in compilers:
        for form in CPP_FORMS if is_cpp(compiler) else C_FORMS:
            if (suffixes['cpp'] if is_cpp(compiler) else suffixes['c']):
                yield compiler, form


def accept(root, compilers):
    """Every program of accept/, in every form."""
    for path in sorted((root / 'tests/macros/accept').iterdir()):
        for compiler, form in cases(compilers, {'c': path.suffix == '.c', 'cpp': path.suffix == '.cpp'}):
            code, message = compile_source(compiler, form + WARNINGS, path, root)
            yield f'{compiler} {" ".join(form)} {path.name}', message if code else ''


def headers(root, compilers):
    """Every public header alone, and included twice, in C and in C++."""
    for header in sorted((root / 'include/tapegrad').glob('*.h')):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'twice.c'
            path.write_text(f'#include <tapegrad/{header.name}>\n' * 2 + 'extern int not_empty;\n')
            for compiler, form in cases(compilers, {'c': True, 'cpp': True}):
                language = ['-x', 'c++' if is_cpp(compiler) else 'c']
                code, message = compile_source(compiler, form + WARNINGS + language, path, root)
                yield f'{compiler} {" ".join(form)} {header.name}', message if code else ''


def reject(root, compilers):
    """Every case of reject.c: it fails, says the words, and is brief. Without a case it compiles."""
    path = root / 'tests/macros/reject.c'
    wanted = re.findall(r'#ifdef (CASE_\w+) /\* (.*) \*/', path.read_text())
    for compiler, form in cases(compilers, {'c': True, 'cpp': False}):
        code, message = compile_source(compiler, form + WARNINGS, path, root)
        yield f'{compiler} {" ".join(form)} without misuse', message if code else ''
        for case, words in wanted:
            code, message = compile_source(compiler, form + [f'-D{case}'], path, root)
            name = f'{compiler} {" ".join(form)} {case}'
            if code == 0:
                yield name, 'was accepted'
            elif not any(word in message for word in words.split('|')):
                yield name, f'does not say "{words}":\n{message}'
            elif case != 'CASE_no_operand' and message.count('\n') > LONGEST_MESSAGE:
                yield name, f'is {message.count(chr(10))} lines long:\n{message}'
            else:
                yield name, ''


LINES = 800
# How much longer than calls of the functions in parentheses, in processor time. clang takes 0.3 s for those.
MOST_TIMES = {'gcc': 2.0, 'clang': 3.0}


def straight_line(line):
    body = ''.join(f'  {line(i)}\n' for i in range(LINES))
    return ('#include <tapegrad/tapegrad.h>\n#include <tapegrad/overload.h>\n'
            f'var f(const var *x);\nvar f(const var *x)\n{{\n  var s = constant(0);\n{body}  return s;\n}}\n')


def seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def speed(root, compilers):
    """Straight-line code of many operations at -O2: macros beside functions, each the best of some runs."""
    forms = {'functions': lambda i: f's = (tg_add)(s, (tg_mul)(constant({i}), (tg_sin)(x[{i % 50}])));',
             'macros': lambda i: f's = add(s, mul({i}, sin(x[{i % 50}])));'}
    for compiler in compilers:
        if is_cpp(compiler):
            continue
        with tempfile.TemporaryDirectory() as out:
            best = {}
            for form, line in forms.items():
                path = pathlib.Path(out) / f'{form}.c'
                path.write_text(straight_line(line))
                command = [compiler, '-std=c11', '-O2', '-I', str(root / 'include'), '-c', str(path), '-o', f'{out}/x.o']
                best[form] = min(seconds(command) for run in range(4))
        times = best['macros'] / best['functions']
        most = MOST_TIMES['clang' if 'clang' in pathlib.Path(compiler).name else 'gcc']
        print(f'{compiler}: {best["functions"]:.2f} s and {best["macros"]:.2f} s, {times:.2f} times')
        yield f'{compiler} at most {most} times', '' if times <= most else f'{times:.2f} times'


def generator(root):
    """The script that writes the names, and its table of operations."""
    sys.path.insert(0, str(root / 'src/ad/ops'))
    sys.dont_write_bytecode = True
    import generate
    return generate, generate.operations()


def generated(root, compilers):
    """What is written from the rows is as the script would write it."""
    generate, table = generator(root)
    for path, make in generate.TEXTS.items():
        same = generate.written(path, make(table)) == (root / path).read_text()
        yield path, '' if same else 'differs from the rows: run python3 src/ad/ops/generate.py'


def calls(generate, table, prefix):
    """(number, result, parameters, call) for every operation and every mix of vars and numbers."""
    number = 0
    for o in table.values():
        name = prefix + o.name
        if o.kind == 'NARY':
            for mix in generate.mixes(o):
                result, parameters = generate.typed(o, mix)
                yield number, result, parameters, f'{name}({generate.names_of(o)})'
                number += 1
            continue
        for types in itertools.product(('tg_var', 'double'), repeat=len(o.parameters)):
            result = 'bool' if o.kind == 'GUARD' else 'tg_var' if 'tg_var' in types else 'double'
            operands = [f'x{k}' for k in range(len(types))]
            yield (number, result, ', '.join(f'{t} {x}' for t, x in zip(types, operands)),
                   f'{name}({", ".join(operands)})')
            number += 1


def callable(root, compilers):
    """Every row by its names, prefixed and short, for every mix of vars and numbers, in C and in C++."""
    generate, table = generator(root)
    for prefix in ('tg_', ''):
        lines = ['#include <tapegrad/tapegrad.h>', '#include <tapegrad/overload.h>']
        for number, result, parameters, call in calls(generate, table, prefix):
            function = f'{result} f{number}({parameters})'
            lines += [function + ';', f'{function} {{ {"" if result == "void" else "return "}{call}; }}']
            if result != 'void':  # a double would become a bool in silence
                lines += ['#ifdef __cplusplus', f'inline void g{number}({parameters})',
                          f'{{ {result} *same = static_cast<decltype({call}) *>(nullptr); (void)same; }}', '#else',
                          f'void g{number}({parameters});', f'void g{number}({parameters})',
                          f'{{ {result} (*same)(void) = (__typeof__({call}) (*)(void))0; (void)same; }}', '#endif']
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'callable.c'
            path.write_text('\n'.join(lines) + '\n')
            for compiler, form in cases(compilers, {'c': True, 'cpp': True}):
                language = ['-x', 'c++' if is_cpp(compiler) else 'c']
                code, message = compile_source(compiler, form + language + ['-Wall', '-Wextra', '-Werror'], path, root)
                yield f'{compiler} {" ".join(form)} names {prefix or "without prefix"}', message if code else ''


def names(root, compilers):
    """No header of the C library or of POSIX declares a short name that is not of <math.h>."""
    generate, table = generator(root)
    shorts = set(re.findall(r'^#define ([a-z]\w*)\(', (root / 'include/tapegrad/overload.h').read_text(), re.M))
    yield 'short names and rows', difference(shorts - {'constant', 'live', 'primal', 'peek'}, set(table))
    yield from not_libc(root, compilers, shorts - generate.MATH)


LIBC = '''aio arpa/inet assert complex cpio ctype dirent dlfcn errno fcntl fenv float fmtmsg fnmatch ftw glob
grp iconv inttypes iso646 langinfo libgen limits locale math monetary mqueue ndbm net/if netdb
netinet/in netinet/tcp nl_types poll pthread pwd regex sched search semaphore setjmp signal spawn
stdarg stdatomic stdbool stddef stdint stdio stdlib string strings stropts sys/ipc sys/mman sys/msg
sys/resource sys/select sys/sem sys/shm sys/socket sys/stat sys/statvfs sys/time sys/times sys/types
sys/uio sys/un sys/utsname sys/wait syslog tar termios tgmath threads time trace uchar ulimit unistd
utime utmpx wchar wctype wordexp'''.split()


def not_libc(root, compilers, shorts):
    lines = ['#define _XOPEN_SOURCE 700']
    for header in LIBC:
        lines += [f'#if __has_include(<{header}.h>)', f'#include <{header}.h>', '#endif']
    lines += ['struct nowhere_else;'] + [f'extern struct nowhere_else *{name};'
              for name in sorted(shorts)]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'names.c'
        path.write_text('\n'.join(lines) + '\n')
        for compiler in compilers:
            if not is_cpp(compiler):
                code, message = compile_source(compiler, ['-std=gnu17', '-w'], path, root)
                yield f'{compiler} short names are not of the C library', message if code else ''


def difference(a, b):
    return '' if a == b else f'only in the first: {sorted(a - b)}; only in the second: {sorted(b - a)}'


def distinct(compilers):
    """One of each: cc and gcc are often the same program (clang and clang++ too, which go by their names)."""
    found = {}
    for compiler in compilers:
        found.setdefault((os.path.realpath(shutil.which(compiler) or compiler), is_cpp(compiler)), compiler)
    return list(found.values())


def main():
    check, root, compilers = sys.argv[1], pathlib.Path(sys.argv[2]), distinct(sys.argv[3:])
    count = failures = 0
    for name, complaint in globals()[check](root, compilers):
        count += 1
        if complaint:
            failures += 1
            print(f'FAILED {name}\n{complaint}\n')
    print(f'{check}: {count} checks, {failures} failed')
    return 1 if failures or count == 0 else 0


sys.exit(main())
