//! What a peer has subscribed to, and whether a topic is among it.
//!
//! ```text
//!   a.b     this topic               a.*     one more segment, any      a.**    one or more, any
//!   *.b     any segment, then b      *       one segment                **      every topic
//! ```
//!
//! Segments are what stands between dots. `*` and `**` are whole segments, `**` only the last. A
//! message without a topic is for everybody; so is every message until the first pattern comes.
//! After the last has gone, none with a topic is.
//!
//! A match must not cost what a peer likes: patterns of the same *form* (where their wildcards are)
//! are found by one look-up together, and a peer has at most [`MAX_FORMS`] forms. Must not know: who
//! sends, how patterns travel.

use std::collections::HashSet;

/// One peer's subscriptions.
#[derive(Debug)]
pub struct Topics {
    /// Patterns have come: from here on they decide.
    told: bool,
    patterns: HashSet<Box<str>>,
    /// The forms of those that have wildcards, and how many have each.
    forms: Vec<(Form, u32)>,
    /// The most patterns at once.
    limit: usize,
}

/// Where a pattern has its wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    /// How many segments there are, without `**`.
    segments: usize,
    /// Which of these are `*`: a bit for each.
    stars: u64,
    /// Whether `**` follows.
    rest: bool,
}

impl Topics {
    /// Those of a peer that hasn't said anything: it wants everything.
    pub fn new(limit: u32) -> Self {
        let (patterns, forms) = (HashSet::new(), Vec::new());
        Self { told: false, patterns, forms, limit: limit as usize }
    }

    /// Adds a pattern; one that is there already changes nothing.
    ///
    /// # Errors
    ///
    /// It is none, or too much.
    pub fn subscribe(&mut self, pattern: &str) -> Result<(), &'static str> {
        let form = Form::of(pattern)?;
        if self.patterns.contains(pattern) {
            return Ok(());
        }
        if self.patterns.len() >= self.limit {
            return Err("too many subscriptions (maxSubscriptions)");
        }
        if let Some(form) = form {
            let full = self.forms.len() == MAX_FORMS;
            match self.forms.iter_mut().find(|(known, _)| *known == form) {
                Some((_, count)) => *count += 1,
                None if full => {
                    return Err("subscriptions with wildcards in too many different places");
                }
                None => self.forms.push((form, 1)),
            }
        }
        self.told = true;
        self.patterns.insert(pattern.into());
        Ok(())
    }

    /// Takes a pattern back; one that isn't there changes nothing.
    pub fn unsubscribe(&mut self, pattern: &str) {
        if !self.patterns.remove(pattern) {
            return;
        }
        let Ok(Some(form)) = Form::of(pattern) else { return };
        if let Some(at) = self.forms.iter().position(|(known, _)| *known == form) {
            self.forms[at].1 -= 1;
            if self.forms[at].1 == 0 {
                self.forms.swap_remove(at);
            }
        }
    }

    /// Takes all patterns back: no topic is wanted from here on.
    pub fn unsubscribe_all(&mut self) {
        self.told = true;
        self.patterns = HashSet::new();
        self.forms = Vec::new();
    }

    /// Whether a message of this topic is wanted.
    pub fn wants(&self, topic: &str) -> bool {
        if !self.told || topic.is_empty() || self.patterns.contains(topic) {
            return true;
        }
        if self.forms.is_empty() {
            return false;
        }
        let segments = topic.split('.').count();
        let mut pattern = String::new();
        self.forms.iter().any(|(form, _)| {
            form.fits(segments) && {
                form.write(topic, &mut pattern);
                self.patterns.contains(pattern.as_str())
            }
        })
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

impl Form {
    /// The form of a pattern; `None` for one without wildcards.
    fn of(pattern: &str) -> Result<Option<Self>, &'static str> {
        if pattern.is_empty() {
            return Err("a subscription to nothing");
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err("a subscription that is too long");
        }
        if !pattern.contains('*') {
            return Ok(None);
        }
        let mut form = Self { segments: 0, stars: 0, rest: false };
        for segment in pattern.split('.') {
            if form.rest {
                return Err("a subscription that goes on behind **");
            }
            match segment {
                "**" => {
                    form.rest = true;
                    continue;
                }
                "*" if form.segments < u64::BITS as usize => form.stars |= 1 << form.segments,
                "*" => return Err("a subscription with a wildcard too far behind"),
                _ if segment.contains('*') => {
                    return Err("a subscription in which * is only a part of a segment");
                }
                _ => {}
            }
            form.segments += 1;
        }
        Ok(Some(form))
    }

    /// Whether a topic of so many segments can match such a pattern.
    const fn fits(self, segments: usize) -> bool {
        if self.rest { segments > self.segments } else { segments == self.segments }
    }

    /// The one pattern of this form that the topic matches.
    fn write(self, topic: &str, pattern: &mut String) {
        pattern.clear();
        for (at, segment) in topic.split('.').take(self.segments).enumerate() {
            if at != 0 {
                pattern.push('.');
            }
            let star = at < u64::BITS as usize && self.stars & (1 << at) != 0;
            pattern.push_str(if star { "*" } else { segment });
        }
        if self.rest {
            pattern.push_str(if self.segments == 0 { "**" } else { ".**" });
        }
    }
}

/// The longest pattern: as much as a control frame of the native format carries.
pub const MAX_PATTERN_BYTES: usize = 1024;
/// The most forms of patterns with wildcards that one peer may use: each costs every message a
/// look-up.
pub const MAX_FORMS: usize = 64;
