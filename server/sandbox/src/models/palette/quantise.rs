//! Median cut: the colours are sorted into a box, and boxes are cut at the middle of what is in them until there are
//! enough. Each box is one colour, the mean of what is in it. No chance is involved.

/// How many bits of each channel tell colours apart before they are cut: what differs less is one colour.
const BITS: usize = 5;

/// A colour that stands for many.
#[derive(Debug, Clone, PartialEq)]
pub struct Color {
    /// The mean of those it stands for.
    pub rgb: [u8; 3],
    /// The part of the pixels that it stands for, above 0 and up to 1.
    pub share: f64,
}

/// Pixels of nearly one colour.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    count: u64,
    sums: [u64; 3],
}

impl Cell {
    fn mean(&self, channel: usize) -> u64 {
        self.sums[channel] / self.count.max(1)
    }
}

/// The dominant colours, at most `most`, the most frequent first.
pub fn dominant(pixels: impl Iterator<Item = [u8; 3]>, most: usize) -> Vec<Color> {
    let mut cells = vec![Cell::default(); 1 << (3 * BITS)];
    for pixel in pixels {
        let place = pixel.iter().fold(0, |place, value| (place << BITS) | usize::from(value >> (8 - BITS)));
        let cell = &mut cells[place];
        cell.count += 1;
        for (sum, value) in cell.sums.iter_mut().zip(pixel) {
            *sum += u64::from(value);
        }
    }
    cells.retain(|cell| cell.count > 0);
    if cells.is_empty() {
        return Vec::new();
    }
    let mut boxes = vec![cells];
    while boxes.len() < most {
        let widest = (0..boxes.len()).filter(|n| boxes[*n].len() > 1).max_by_key(|n| worth(&boxes[*n]));
        let Some(widest) = widest else { break };
        let (low, high) = cut(boxes.swap_remove(widest));
        boxes.extend([low, high]);
    }
    let total: u64 = boxes.iter().flatten().map(|cell| cell.count).sum();
    let mut colors: Vec<Color> = boxes.iter().map(|cells| color(cells, total)).collect();
    colors.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.rgb.cmp(&b.rgb)));
    colors
}

fn range(cells: &[Cell], channel: usize) -> u64 {
    let means = || cells.iter().map(|cell| cell.mean(channel));
    means().max().unwrap_or(0) - means().min().unwrap_or(0)
}

fn widest_channel(cells: &[Cell]) -> usize {
    (0..3).max_by_key(|channel| range(cells, *channel)).unwrap_or(0)
}

/// How much is gained by cutting a box: many pixels that differ much come first.
fn worth(cells: &[Cell]) -> u64 {
    let count: u64 = cells.iter().map(|cell| cell.count).sum();
    count * range(cells, widest_channel(cells))
}

/// Two boxes of one that has at least two cells, each with about half of the pixels and at least one cell.
fn cut(mut cells: Vec<Cell>) -> (Vec<Cell>, Vec<Cell>) {
    let channel = widest_channel(&cells);
    cells.sort_by_key(|cell| cell.mean(channel));
    let half = cells.iter().map(|cell| cell.count).sum::<u64>() / 2;
    let mut seen = 0;
    let middle = cells.iter().position(|cell| {
        seen += cell.count;
        seen > half
    });
    let middle = middle.unwrap_or(1).clamp(1, cells.len() - 1);
    let high = cells.split_off(middle);
    (cells, high)
}

fn color(cells: &[Cell], total: u64) -> Color {
    let count: u64 = cells.iter().map(|cell| cell.count).sum();
    let mean = |channel: usize| {
        let sum: u64 = cells.iter().map(|cell| cell.sums[channel]).sum();
        u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
    };
    Color { rgb: [mean(0), mean(1), mean(2)], share: count as f64 / total.max(1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_of_a_few_is_its_own() {
        let pixels = [([255, 0, 0], 5), ([0, 255, 0], 3), ([0, 0, 255], 2)];
        let all = pixels.iter().flat_map(|(rgb, count)| std::iter::repeat_n(*rgb, *count));
        let found = dominant(all, 6);
        assert_eq!(found.iter().map(|color| color.rgb).collect::<Vec<_>>(), pixels.map(|(rgb, _)| rgb));
        assert_eq!(found.iter().map(|color| color.share).collect::<Vec<_>>(), [0.5, 0.3, 0.2]);
    }

    #[test]
    fn shares_add_up_and_the_order_of_pixels_does_not_matter() {
        let pixels: Vec<[u8; 3]> = (0..4096_u32).map(|n| [(n % 251) as u8, (n % 83) as u8, (n % 199) as u8]).collect();
        let found = dominant(pixels.iter().copied(), 8);
        assert_eq!(found.len(), 8);
        assert!((found.iter().map(|color| color.share).sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(found, dominant(pixels.into_iter().rev(), 8));
    }

    #[test]
    fn no_pixels_have_no_colors() {
        assert_eq!(dominant(std::iter::empty(), 6), []);
    }
}
