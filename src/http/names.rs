//! Names of operations, as metrics may have them: each is a time series, so there is a bound, and
//! who is not known cannot add one.

use dashmap::DashSet;

/// Names that are told apart.
const MOST: usize = 200;
/// Longest of them, in bytes.
const MAX_BYTES: usize = 64;

/// Names that operations had.
#[derive(Default)]
pub struct Names(DashSet<String>);

impl Names {
    /// The name as a label: itself where it is one of those that are known.
    pub fn label(&self, name: Option<&str>) -> String {
        match name {
            None => "anonymous".to_owned(),
            Some(name) if self.0.contains(name) => name.to_owned(),
            Some(_) => "other".to_owned(),
        }
    }

    /// Makes a name known, while there is room.
    pub fn learn(&self, name: Option<&str>) {
        let Some(name) = name else { return };
        if name.len() <= MAX_BYTES && self.0.len() < MOST && !self.0.contains(name) {
            self.0.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_names_are_told_apart() {
        let names = Names::default();
        for n in 0..2 * MOST {
            names.learn(Some(&format!("name{n}")));
        }
        names.learn(Some(&"x".repeat(MAX_BYTES + 1)));
        assert_eq!(names.0.len(), MOST);
        assert_eq!(names.label(Some("name0")), "name0");
        assert_eq!(names.label(Some("name300")), "other");
        assert_eq!(names.label(None), "anonymous");
    }
}
