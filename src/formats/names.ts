// Names that programs in JavaScript and C cannot have, and column names as identifiers of C.

import { BackpropError } from "../index.js";
import { show } from "../show.js";
import type { Check } from "../validation.js";

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Reserved words, also those of strict code and of modules, and the names that the function itself uses. */
const JAVASCRIPT = wordsOf(`
  arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof var void while with yield
  Array Float32Array Float64Array Infinity JSON Math NaN Number Object RangeError String TypeError undefined
  categoryNumber classes columns dense erfc isMissing layerNorm list one oneHot read rows scaled softmax w`);

/** The keywords of C11 and C++20, and what headers define as macros in small letters. */
const C_KEYWORDS = wordsOf(`
  alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await
  co_return co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype default delete
  do double dynamic_cast else enum errno explicit export extern false far float for friend goto if imaginary inline int
  linux long mutable namespace near new noexcept noreturn not not_eq nullptr operator or or_eq private protected public
  register reinterpret_cast requires restrict return short signed sizeof small static static_assert static_cast stderr
  stdin stdout struct switch template this thread_local throw true try typedef typeid typename typeof union unix unsigned
  using virtual void volatile wchar_t while xor xor_eq`);

/** Functions of math.h, which also exist with the suffixes f and l, and its macros. */
const C_MATH = wordsOf(`
  acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma fmax fmin
  fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan
  nearbyint nextafter nexttoward pow remainder remquo rint round scalb scalbln scalbn signgam sin sinh sqrt tan tanh
  tgamma trunc y0 y1 yn
  fpclassify isfinite isgreater isgreaterequal isinf isless islessequal islessgreater isnan isnormal isunordered signbit`);

/** Functions of other headers that compilers know without the header, and types of headers. */
const C_LIBRARY = wordsOf(`
  abort abs aligned_alloc assert atexit atof atoi atol atoll bsearch calloc clock div exit fclose feof fflush fgetc fgets
  fopen fprintf fputc fputs fread free fscanf fseek fwrite getc getchar getenv gets imaxabs isalnum isalpha isblank iscntrl
  isdigit isgraph islower isprint ispunct isspace isupper isxdigit labs llabs longjmp main malloc max_align_t memchr
  memcmp memcpy memmove memset offsetof perror printf ptrdiff_t putc putchar puts qsort raise rand realloc remove rename
  rewind scanf setjmp signal size_t snprintf sprintf srand sscanf strcat strchr strcmp strcoll strcpy strcspn strerror
  strlen strncat strncmp strncpy strpbrk strrchr strspn strstr strtod strtof strtok strtol strtold strtoll strtoul
  strtoull strxfrm system time tolower toupper ungetc vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf
  cabs carg ccos ccosh cexp cimag clog conj cpow cproj creal csin csinh csqrt ctan ctanh cacos cacosh casin casinh catan
  catanh iswalnum iswalpha iswblank iswcntrl iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit
  towlower towupper
  div_t double_t float_t ldiv_t lldiv_t locale_t nullptr_t`);

/** Names that begin with __, or with _ and a capital letter, are the compiler's. */
const C_RESERVED = /^_[_A-Z]/;

/** The macros of math.h, stddef.h and stdio.h that are written in capitals. */
const C_MACROS =
  /^(NULL|EOF|NAN|INFINITY|HUGE(_VAL\w*)?|MAXFLOAT|DOMAIN|SING|(OVER|UNDER)FLOW|[PT]LOSS|(FP_|M_|MATH_|SNAN)\w*)$/;

/** A name in capitals may be a macro. */
const CAPITALS = /^[A-Z0-9_]+$/;

function isTakenInC(name: string): boolean {
  const names = [name, name.replace(/[fl]$/, "")];
  const isKnown = [C_KEYWORDS, C_MATH, C_LIBRARY].some((words) => names.some((each) => words.has(each)));
  return isKnown || C_RESERVED.test(name) || C_MACROS.test(name);
}

function requireFree(language: string, isTaken: (name: string) => boolean): Check {
  return (argument, value) => {
    if (typeof value !== "string" || !/^[A-Za-z_]\w{0,63}$/.test(value)) {
      throw new BackpropError(
        "invalidOption",
        `${argument} is ${show(value)}; expected 1 to 64 letters, digits and _, not beginning with a digit.`,
      );
    }
    if (!isTaken(value)) return;
    throw new BackpropError(
      "invalidOption",
      `${argument} is ${show(value)}, which has a meaning in ${language} already; expected another name, such as "predict_${value}".`,
    );
  };
}

/** @throws BackpropError `invalidOption` unless a function of JavaScript can have the name. */
export const requireJavaScriptName = requireFree("JavaScript or inside the function", (name) =>
  JAVASCRIPT.has(name),
);

/** @throws BackpropError `invalidOption` unless a function of C and C++ can have the name. */
export const requireCName = requireFree("C or C++", isTakenInC);

/**
 * Members of a struct for the names of columns, in their order: letters without accents, digits and _, all different. A
 * name that is a keyword, or that may be a macro, ends with _.
 */
export function membersFor(names: readonly string[]): string[] {
  const members = new Set<string>();
  for (const [i, name] of names.entries()) {
    const stem = memberFor(name) || `column${i}`;
    let member = stem;
    for (let n = 2; members.has(member); n++) member = `${stem}_${n}`;
    members.add(member);
  }
  return [...members];
}

function memberFor(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("ß", "ss");
  const word = plain
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 56);
  if (/^\d/.test(word)) return `column_${word}`;
  return C_KEYWORDS.has(word) || CAPITALS.test(word) ? `${word}_` : word;
}

/** A name as part of a comment of C or JavaScript, where it can end neither the comment nor the line. */
export function commentOf(name: string): string {
  return name.replace(/[^\p{L}\p{M}\p{N} .,:;()%=+-]/gu, "_").slice(0, 80);
}
