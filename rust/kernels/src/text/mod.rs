//! What text is made of, as Python and the field's tokenizers see it: white space, lower case, tokens, n-grams.

pub mod ngrams;
pub mod tables;
pub mod tokenize;
pub mod words;

use std::borrow::Cow;

use tables::{CATEGORIES, Category};

/// What Python's `str.isspace` says: White_Space and the four information separators.
#[inline]
pub fn is_space(c: char) -> bool {
    match c {
        '\t'..='\r' | '\x1c'..=' ' => true,
        c if c.is_ascii() => false,
        c => c.is_whitespace(),
    }
}

/// Python's `str.rstrip`.
pub fn rstrip(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// Python's `str.strip`.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `str.lower`: full mapping, a sigma that ends a word becomes `ς`.
pub fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// Whether a character is a number, punctuation or a symbol.
pub fn category(c: char) -> Option<Category> {
    let code = c as u32;
    let at = CATEGORIES.partition_point(|&(_, last, _)| last < code);
    CATEGORIES.get(at).filter(|&&(first, _, _)| first <= code).map(|&(_, _, category)| category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_of_the_three_kinds() {
        assert_eq!(category('7'), Some(Category::Number));
        assert_eq!(category('٣'), Some(Category::Number));
        assert_eq!(category('¿'), Some(Category::Punctuation));
        assert_eq!(category('€'), Some(Category::Symbol));
        assert_eq!(category('é'), None);
        assert_eq!(category('\u{10ffff}'), None);
        assert!(CATEGORIES.windows(2).all(|w| w[0].0 <= w[0].1 && w[0].1 < w[1].0));
    }

    #[test]
    fn space_is_pythons() {
        let spaces: Vec<u32> = (0..0x110000).filter(|&c| char::from_u32(c).is_some_and(is_space)).collect();
        let expected: Vec<u32> = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0, 0x1680]
            .into_iter()
            .chain(0x2000..=0x200a)
            .chain([0x2028, 0x2029, 0x202f, 0x205f, 0x3000])
            .collect();
        assert_eq!(spaces, expected);
    }
}
