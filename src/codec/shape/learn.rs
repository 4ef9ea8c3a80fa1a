//! From a JSON text to the shape that it has: off the hot path, with simd-json.
//!
//! Declines whatever is not certain to pay or to be rebuilt exactly; such payloads are parsed as
//! ever. Must not know: when learning is worth its cost.

use simd_json::{StaticNode, tape};

use super::{
    MAX_PLACES,
    node::{Member, Node, Scalars, is_plain},
};

/// The shape of a text; `None` if it has none that could be used.
pub fn learn(text: &[u8]) -> Option<Node> {
    // simd-json unescapes in place.
    let mut text = text.to_vec();
    let tape = simd_json::to_tape(&mut text).ok()?;
    let mut walk = Walk { tape: tape.0.into_iter(), places: 0 };
    match walk.node(0)? {
        Node::Scalar(_) => None,
        node => Some(node),
    }
}

struct Walk<'a> {
    tape: std::vec::IntoIter<tape::Node<'a>>,
    /// Places made so far, before the elements of arrays are united.
    places: usize,
}

impl Walk<'_> {
    fn node(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match self.tape.next()? {
            tape::Node::String(_) => Node::Scalar(Scalars::STRING),
            tape::Node::Static(StaticNode::Null) => Node::Scalar(Scalars::NULL),
            tape::Node::Static(StaticNode::Bool(_)) => Node::Scalar(Scalars::BOOLEAN),
            tape::Node::Static(_) => Node::Scalar(Scalars::NUMBER),
            tape::Node::Array { len, .. } => {
                let mut element: Option<Node> = None;
                let before = self.places;
                for _ in 0..len {
                    // Each takes the place of the one before.
                    self.places = before;
                    let next = self.node(depth.saturating_add(1))?;
                    element = Some(match element {
                        Some(element) => element.unite(next)?,
                        None => next,
                    });
                }
                Node::Array { nullable: false, element: element.map(Box::new) }
            }
            tape::Node::Object { len, .. } => {
                self.places = self.places.saturating_add(len);
                // No members: a dictionary that happens to be empty, mostly.
                if len == 0 || len > MAX_MEMBERS || self.places > MAX_PLACES {
                    return None;
                }
                let mut members: Vec<Member> = Vec::with_capacity(len);
                for at in 0..len {
                    let Some(tape::Node::String(key)) = self.tape.next() else { return None };
                    // Of members that come twice the last one counts.
                    if !is_plain(key) || members.iter().any(|member| member.key() == key) {
                        return None;
                    }
                    let value = self.node(depth.saturating_add(1))?;
                    members.push(Member::new(at == 0, key, value));
                }
                Node::Object { nullable: false, members }
            }
        })
    }
}

/// Deeper shapes are rare, and reading them takes the stack.
const MAX_DEPTH: usize = 16;
/// An object with more members is a dictionary, in V8 too.
const MAX_MEMBERS: usize = 64;
