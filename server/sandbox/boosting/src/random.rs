//! The only source of chance: SplitMix64. A job with the same seed gives the same model on any machine and after any
//! update, which a library's default generator doesn't promise.

/// A generator that depends on its seed alone.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: i64) -> Self {
        Self(u64::from_ne_bytes(seed.to_ne_bytes()))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least 0, below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Below `limit`, which isn't 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    /// Mean 0, variance 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// The part of `from` that a share of it comes to, at least one, in the order that it had.
    pub(crate) fn share(&mut self, from: &[usize], share: f32) -> Vec<usize> {
        let count = ((f64::from(share) * from.len() as f64) as usize).clamp(1.min(from.len()), from.len());
        if count == from.len() {
            return from.to_vec();
        }
        let mut chosen = from.to_vec();
        for place in 0..count {
            let other = place + self.below(chosen.len() - place);
            chosen.swap(place, other);
        }
        chosen.truncate(count);
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_for_ever() {
        let mut random = Random::new(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn a_share_is_never_empty_and_keeps_the_order() {
        let from: Vec<usize> = (0..10).collect();
        assert_eq!(Random::new(1).share(&from, 0.01).len(), 1);
        assert_eq!(Random::new(1).share(&from, 1.0), from);
        let half = Random::new(1).share(&from, 0.5);
        assert_eq!(half.len(), 5);
        assert!(half.is_sorted());
        assert_eq!(Random::new(1).share(&[], 0.5), Vec::<usize>::new());
    }

    #[test]
    fn numbers_are_spread_as_they_should_be() {
        let mut random = Random::new(7);
        let units: Vec<f64> = (0..10_000).map(|_| random.unit()).collect();
        assert!(units.iter().all(|u| (0.0..1.0).contains(u)));
        assert!((units.iter().sum::<f64>() / 10_000.0 - 0.5).abs() < 0.02);
        let normals: Vec<f64> = (0..10_000).map(|_| random.normal()).collect();
        assert!((normals.iter().map(|n| n * n).sum::<f64>() / 10_000.0 - 1.0).abs() < 0.05);
    }
}
