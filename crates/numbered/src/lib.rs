//! Tables by number, for numbers that come in ascending order. (Not in the specification.)
//!
//! Most of a server's memory is its opens. A tree of the standard library leaves half of its places empty where keys only grow; here
//! entries stand one behind the other in rows, each of which is filled before the next is begun.

/// Entries of a row: few enough that taking one out moves some kilobytes at the most.
const ROW_MAX: usize = 64;

/// Values by ascending numbers. A number that is not the highest may come as well; rows are then less full.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// None is empty, and all are in order.
    rows: Vec<Vec<(u64, T)>>,
    len: usize,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { rows: Vec::new(), len: 0 }
    }
}

impl<T> Numbered<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value with this number.
    pub fn get(&self, number: &u64) -> Option<&T> {
        let (row, at) = self.find(*number).ok()?;
        self.rows.get(row)?.get(at).map(|(_, value)| value)
    }

    /// Likewise, to change it.
    pub fn get_mut(&mut self, number: &u64) -> Option<&mut T> {
        let (row, at) = self.find(*number).ok()?;
        self.rows.get_mut(row)?.get_mut(at).map(|(_, value)| value)
    }

    /// Enters a value; gives back the one that had the number.
    pub fn insert(&mut self, number: u64, value: T) -> Option<T> {
        let (row, at) = match self.find(number) {
            Ok((row, at)) => {
                let (_, there) = self.rows.get_mut(row)?.get_mut(at)?;
                return Some(core::mem::replace(there, value));
            }
            Err(place) => place,
        };
        self.len += 1;
        match self.rows.get_mut(row) {
            Some(entries) if entries.len() < ROW_MAX => entries.insert(at, (number, value)),
            // The last row is full and this comes behind it: the usual way. What grew to here goes on.
            Some(entries) if at == entries.len() => {
                let mut next = Vec::with_capacity(ROW_MAX);
                next.push((number, value));
                self.rows.insert(row + 1, next);
            }
            Some(entries) => {
                let behind = entries.split_off(at);
                entries.push((number, value));
                self.rows.insert(row + 1, behind);
            }
            None => self.rows.push(vec![(number, value)]),
        }
        None
    }

    /// Takes out the value with this number.
    pub fn remove(&mut self, number: &u64) -> Option<T> {
        let (row, at) = self.find(*number).ok()?;
        let entries = self.rows.get_mut(row)?;
        let (_, value) = entries.remove(at);
        self.len -= 1;
        match entries.len() {
            0 => drop(self.rows.remove(row)),
            left if left <= ROW_MAX / 4 => self.join(row),
            _ => {}
        }
        Some(value)
    }

    /// A row that has become short takes in the next one, or goes into the one before, if that is short too.
    fn join(&mut self, row: usize) {
        let len = |row: usize| self.rows.get(row).map_or(ROW_MAX, Vec::len);
        let first = match row.checked_sub(1) {
            Some(before) if len(before) + len(row) <= ROW_MAX / 2 => before,
            _ if len(row) + len(row + 1) <= ROW_MAX / 2 => row,
            _ => return,
        };
        let mut second = self.rows.remove(first + 1);
        if let Some(entries) = self.rows.get_mut(first) {
            entries.append(&mut second);
        }
    }

    /// All, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (&u64, &T)> {
        self.rows.iter().flatten().map(|(number, value)| (number, value))
    }

    /// All values, in ascending order of their numbers.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().flatten().map(|(_, value)| value)
    }

    /// All numbers, in ascending order.
    pub fn into_numbers(self) -> impl Iterator<Item = u64> {
        self.rows.into_iter().flatten().map(|(number, _)| number)
    }

    /// The row and the place in it where a number is, or where it belongs.
    fn find(&self, number: u64) -> Result<(usize, usize), (usize, usize)> {
        let begins_behind =
            |entries: &Vec<(u64, T)>| entries.first().is_some_and(|(first, _)| *first > number);
        let row = self.rows.partition_point(|entries| !begins_behind(entries)).saturating_sub(1);
        let Some(entries) = self.rows.get(row) else { return Err((0, 0)) };
        match entries.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => Ok((row, at)),
            Err(at) => Err((row, at)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test that is wrong shall panic
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn is_sound<T>(table: &Numbered<T>) -> bool {
        let numbers: Vec<u64> = table.iter().map(|(number, _)| *number).collect();
        let in_order = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let rows = table.rows.iter().all(|row| (1..=ROW_MAX).contains(&row.len()));
        in_order && rows && numbers.len() == table.len()
    }

    #[test]
    fn it_is_a_map_whatever_comes_and_goes() {
        let (mut table, mut wanted) = (Numbered::default(), BTreeMap::new());
        let mut chance = 1u64;
        for step in 0..8_000u64 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // It grows, then shrinks; now and then a number comes that is not the highest.
            let number = if chance >> 60 == 0 { chance >> 33 & 0xFFFF } else { step };
            match chance >> 40 & 7 {
                0..=1 => assert_eq!(table.insert(number, step), wanted.insert(number, step)),
                2..=4 if step < 5_000 => assert_eq!(table.insert(number, step), wanted.insert(number, step)),
                _ => {
                    let at = usize::try_from(chance >> 33).unwrap() % wanted.len().max(1);
                    let number = wanted.keys().nth(at).copied().unwrap_or(number);
                    assert_eq!(table.get(&number), wanted.get(&number));
                    assert_eq!(table.get_mut(&number), wanted.get_mut(&number));
                    assert_eq!(table.remove(&number), wanted.remove(&number));
                    assert_eq!(table.remove(&number), None);
                }
            }
            if step % 64 == 0 {
                assert!(is_sound(&table));
                assert!(table.iter().eq(wanted.iter()) && table.values().eq(wanted.values()));
            }
        }
        assert!(table.into_numbers().eq(wanted.into_keys()));
    }

    #[test]
    fn ascending_numbers_leave_no_room_and_few_that_stay_take_little() {
        let mut table = Numbered::default();
        for number in 0..10_000u64 {
            assert_eq!(table.insert(number, ()), None);
        }
        assert_eq!(table.rows.len(), 10_000usize.div_ceil(ROW_MAX));
        for number in (0..10_000u64).filter(|number| number % 500 != 0) {
            assert_eq!(table.remove(&number), Some(()));
        }
        assert!(is_sound(&table) && table.rows.len() <= 3, "{} rows for 20", table.rows.len());
    }
}
