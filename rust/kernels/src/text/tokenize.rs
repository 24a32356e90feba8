//! sacrebleu's tokenizers (mteval-v13a, mteval-v14 international, Chinese, characters, white space), in one pass.
//!
//! Three of them are defined as regular expressions applied one after the other, each of which puts spaces around what
//! it finds and goes on after it. With "point" for full stop and comma (13a, zh) or punctuation (intl):
//!
//! 1. symbols stand alone (13a, zh: ASCII punctuation other than `' , - .`; zh: Chinese characters too);
//! 2. `([^0-9])([.,])`: a point that follows no digit is cut off on both sides;
//! 3. `([.,])([^0-9])`: so is one that no digit follows;
//! 4. `([0-9])(-)`: so is a dash after a digit (13a, zh).
//!
//! Matches of 2 don't overlap, so in a run of k points every second one is found: the last one escapes where k is odd
//! after a digit, or even otherwise. 3 then cuts it off unless a digit follows. In a run of two and more, every other
//! point stands alone. A lone point stays inside its word between two digits only.

use super::tables::Category;
use super::{category, is_space, lower, rstrip, strip};

/// A rule for cutting lines into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenizer {
    /// mteval-v13a, WMT's.
    V13a,
    /// mteval-v14 with `--international-tokenization`.
    International,
    /// Chinese characters one by one, the rest as 13a.
    Chinese,
    /// Each character.
    Character,
    /// White space only.
    None,
}

impl Tokenizer {
    pub const NAMES: [(&'static str, Tokenizer); 5] = [
        ("none", Tokenizer::None),
        ("zh", Tokenizer::Chinese),
        ("13a", Tokenizer::V13a),
        ("intl", Tokenizer::International),
        ("char", Tokenizer::Character),
    ];

    pub fn from_name(name: &str) -> Option<Tokenizer> {
        Tokenizer::NAMES.iter().find(|(known, _)| *known == name).map(|&(_, tokenizer)| tokenizer)
    }
}

/// Where a token lies in its text, in bytes.
pub type Span = (usize, usize);

/// A line that was cut; keeps its memory from line to line.
#[derive(Default)]
pub struct Line {
    changed: String,
    pub spans: Vec<Span>,
}

impl Line {
    /// Cuts `line`, in lower case if asked to. The spans are those of the text that is returned.
    pub fn cut<'a>(&'a mut self, line: &'a str, tokenizer: Tokenizer, lowercase: bool) -> (&'a str, &'a [Span]) {
        let mut is_changed = false;
        if lowercase && let std::borrow::Cow::Owned(lowered) = lower(line) {
            self.changed = lowered;
            is_changed = true;
        }
        let stripped = rstrip(if is_changed { &self.changed } else { line });
        if tokenizer == Tokenizer::V13a && is_marked(stripped) {
            self.changed = unmarked(stripped);
            is_changed = true;
        }
        let text = rstrip(if is_changed { &self.changed } else { line });
        self.spans.clear();
        match tokenizer {
            Tokenizer::V13a => cut::<V13a>(text, 0, &mut self.spans),
            Tokenizer::International => cut::<International>(text, 0, &mut self.spans),
            Tokenizer::Chinese => {
                let inner = strip(text);
                cut::<Chinese>(inner, inner.as_ptr() as usize - text.as_ptr() as usize, &mut self.spans);
            }
            Tokenizer::Character => {
                let chars = text.char_indices().filter(|&(_, c)| !is_space(c));
                self.spans.extend(chars.map(|(at, c)| (at, at + c.len_utf8())));
            }
            Tokenizer::None => cut::<Spaces>(text, 0, &mut self.spans),
        }
        (text, &self.spans)
    }
}

/// Whether something that 13a replaces may occur.
fn is_marked(text: &str) -> bool {
    // Without early exit, so that it runs on whole registers.
    text.bytes().fold(false, |found, b| found | (b == b'&') | (b == b'<') | (b == b'\n'))
}

/// 13a's replacements: `<skipped>`, hyphens at the end of a line, and four entities, in this order.
fn unmarked(text: &str) -> String {
    let text = text.replace("<skipped>", "").replace("-\n", "");
    if !text.contains('&') {
        return text;
    }
    text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Space,
    /// Stands alone.
    Symbol,
    Digit,
    /// What the rules about runs are about.
    Point,
    /// Stands alone after a digit.
    Dash,
    /// Before the first character and after the last, where a rule that needs a neighbour finds none.
    Edge,
}

trait Classes {
    /// What stands at either end of the text.
    const OUTSIDE: Class;
    /// The class of what begins at byte `at`, which lies in the text, and its length in bytes.
    fn at(text: &str, at: usize) -> (Class, usize);
}

const fn ascii_classes(symbols: bool) -> [Class; 128] {
    let mut classes = [Class::Other; 128];
    let mut c = 0;
    while c < 128 {
        classes[c] = match c as u8 {
            b'\t'..=b'\r' | 0x1c..=b' ' => Class::Space,
            b'0'..=b'9' if symbols => Class::Digit,
            b'.' | b',' if symbols => Class::Point,
            b'-' if symbols => Class::Dash,
            b'!'..=b'&' | b'('..=b'+' | b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~' if symbols => Class::Symbol,
            _ => Class::Other,
        };
        c += 1;
    }
    classes
}

const WESTERN: [Class; 128] = ascii_classes(true);
const BLANK: [Class; 128] = ascii_classes(false);

/// The character that begins at `at`.
fn char_at(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or('\0')
}

/// The class of a byte; beyond ASCII all that counts is white space, and few bytes begin that.
#[inline(always)]
fn by_byte(ascii: &[Class; 128], text: &str, at: usize) -> (Class, usize) {
    let byte = text.as_bytes()[at];
    if byte < 0x80 {
        return (ascii[byte as usize], 1);
    }
    if matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3) {
        let c = char_at(text, at);
        if is_space(c) {
            return (Class::Space, c.len_utf8());
        }
    }
    (Class::Other, 1)
}

struct V13a;

impl Classes for V13a {
    const OUTSIDE: Class = Class::Space;
    #[inline(always)]
    fn at(text: &str, at: usize) -> (Class, usize) {
        by_byte(&WESTERN, text, at)
    }
}

struct Spaces;

impl Classes for Spaces {
    const OUTSIDE: Class = Class::Space;
    #[inline(always)]
    fn at(text: &str, at: usize) -> (Class, usize) {
        by_byte(&BLANK, text, at)
    }
}

struct International;

impl Classes for International {
    const OUTSIDE: Class = Class::Edge;
    #[inline(always)]
    fn at(text: &str, at: usize) -> (Class, usize) {
        let c = char_at(text, at);
        let class = match c {
            'a'..='z' | 'A'..='Z' => Class::Other,
            c if is_space(c) => Class::Space,
            c => match category(c) {
                Some(Category::Number) => Class::Digit,
                Some(Category::Punctuation) => Class::Point,
                Some(Category::Symbol) => Class::Symbol,
                None => Class::Other,
            },
        };
        (class, c.len_utf8())
    }
}

struct Chinese;

impl Classes for Chinese {
    const OUTSIDE: Class = Class::Edge;
    #[inline(always)]
    fn at(text: &str, at: usize) -> (Class, usize) {
        if text.as_bytes()[at] < 0x80 {
            return by_byte(&WESTERN, text, at);
        }
        let c = char_at(text, at);
        let class = if is_space(c) {
            Class::Space
        } else if is_chinese(c) {
            Class::Symbol
        } else {
            Class::Other
        };
        (class, c.len_utf8())
    }
}

/// sacrebleu's list, in which two ranges meant for the supplementary planes came out as U+2001–2A6D and U+2F81–2FA1.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2a6d}' | '\u{2e80}'..='\u{2eff}' | '\u{2f00}'..='\u{2fdf}' | '\u{2ff0}'..='\u{2fff}'
        | '\u{3000}'..='\u{303f}' | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31c0}'..='\u{31ef}'
        | '\u{3200}'..='\u{33ff}' | '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fbb}' | '\u{f900}'..='\u{fa2d}'
        | '\u{fa30}'..='\u{fa6a}' | '\u{fa70}'..='\u{fad9}' | '\u{fe10}'..='\u{fe1f}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}')
}

/// The spans of `text`'s tokens, moved by `base`.
fn cut<C: Classes>(text: &str, base: usize, spans: &mut Vec<Span>) {
    const NONE: usize = usize::MAX;
    let mut before = C::OUTSIDE;
    let mut start = NONE;
    let mut at = 0;
    while at < text.len() {
        let (class, len) = C::at(text, at);
        let alone = match class {
            Class::Other | Class::Digit | Class::Edge => false,
            Class::Space => {
                if start != NONE {
                    spans.push((base + start, base + at));
                    start = NONE;
                }
                at += len;
                before = class;
                continue;
            }
            Class::Symbol => true,
            Class::Dash => before == Class::Digit,
            Class::Point => {
                let (count, last, end) = run::<C>(text, at, len);
                let after = if end < text.len() { C::at(text, end).0 } else { C::OUTSIDE };
                let digit_before = matches!(before, Class::Digit | Class::Edge);
                let digit_after = matches!(after, Class::Digit | Class::Edge);
                let joined = digit_after && (count % 2 == 1) == digit_before;
                before = class;
                if joined && count == 1 {
                    start = if start == NONE { at } else { start };
                    at = end;
                    continue;
                }
                if start != NONE {
                    spans.push((base + start, base + at));
                }
                let stop = if joined { last } else { end };
                while at < stop {
                    let len = C::at(text, at).1;
                    spans.push((base + at, base + at + len));
                    at += len;
                }
                start = if joined { last } else { NONE };
                at = end;
                continue;
            }
        };
        if alone {
            if start != NONE {
                spans.push((base + start, base + at));
                start = NONE;
            }
            spans.push((base + at, base + at + len));
        } else if start == NONE {
            start = at;
        }
        at += len;
        before = class;
    }
    if start != NONE {
        spans.push((base + start, base + text.len()));
    }
}

/// (how many, where the last begins, where the run ends) of the points from `at`, the first of `len` bytes.
fn run<C: Classes>(text: &str, at: usize, len: usize) -> (usize, usize, usize) {
    let (mut count, mut last, mut end) = (1, at, at + len);
    while end < text.len() {
        let (class, len) = C::at(text, end);
        if class != Class::Point {
            break;
        }
        (count, last, end) = (count + 1, end, end + len);
    }
    (count, last, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str, tokenizer: Tokenizer) -> String {
        let mut line = Line::default();
        let (text, spans) = line.cut(text, tokenizer, false);
        spans.iter().map(|&(a, b)| &text[a..b]).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn points_stay_between_digits() {
        assert_eq!(tokens("1,000.5 is 3.", Tokenizer::V13a), "1,000.5 is 3 .");
        assert_eq!(tokens("a..5 5...6 5..6 .5", Tokenizer::V13a), "a . .5 5 . . .6 5 . . 6 . 5");
        assert_eq!(tokens("5-3 a-b 5--b", Tokenizer::V13a), "5 - 3 a-b 5 - -b");
        assert_eq!(tokens("&amp;lt; <skipped>x", Tokenizer::V13a), "< x");
        assert_eq!(tokens(".5, in 1999.", Tokenizer::International), ".5 , in 1999.");
        assert_eq!(tokens("我有1.5元。", Tokenizer::Chinese), "我 有 1.5 元 。");
        assert_eq!(tokens(" a b\u{2003}c\x1cd", Tokenizer::None), "a b c d");
        assert_eq!(tokens("a é ", Tokenizer::Character), "a é");
        assert_eq!(tokens("", Tokenizer::V13a), "");
    }
}
