//! The small forms of the headline results: the direction, and the same twice.

use pfnlab_headlines::{Anywhere, Size, anywhere, avoidance, fio, huge_frames, hygiene, stealing};

/// H2: under Linux the number of free huge frames stays; placement by trees recovers them.
#[test]
fn trees_recover_huge_frames() {
    let form = huge_frames::Form::published(Size::Small);
    let linux = huge_frames::linux("linux-6.1.y", form, 1);
    let trees = huge_frames::trees(form, 1);
    assert!(linux.last().abs_diff(linux.first()) * 100 <= linux.possible);
    assert!(trees.last() * 100 >= trees.possible * 85);
    assert_eq!(trees, huge_frames::trees(form, 1));
    assert_ne!(trees, huge_frames::trees(form, 2));
}

/// H3: three times fewer fragmenting fallbacks, and half as many of those from movable pageblocks.
#[test]
fn taking_the_rest_along_fragments_less() {
    let stealing::Stealing { without, with } =
        stealing::medians(stealing::Form::FIRST, Size::Small, 5);
    assert!(without.0 >= 3 * with.0, "{without:?} {with:?}");
    assert!(without.1 >= 2 * with.1, "{without:?} {with:?}");
}

/// H4 on XFS, on 256 MiB: with boosts, not a third of the fragmenting fallbacks is left.
#[test]
fn boosts_fragment_less() {
    let form = fio::Form {
        part: 256,
        ..fio::Form::xfs(Size::Small)
    };
    let run = |name: &str, boost| avoidance::run(name, boost, form, 0);
    let none = run("linux-5.0", 0).fell_back.all;
    let boosts = run("linux-5.0+nofragment", 15_000);
    assert!(none >= 3 * boosts.fell_back.all, "{none} {boosts:?}");
    assert_eq!(run("linux-5.0+nofragment", 15_000), boosts);
}

/// H5, on 256 MiB: of the movable pageblocks, one in twenty and more hold something unmovable as 6.12.y comes,
/// and none with the defrag mode.
#[test]
fn making_room_keeps_movable_pageblocks_clean() {
    let mixed = hygiene::run("linux-6.12.y", 256, 0);
    assert!(mixed.tainted * 20 >= mixed.movable, "{mixed:?}");
    let clean = hygiene::run("linux-6.12.y+defrag-mode", 256, 0);
    assert_eq!(clean.tainted, 0, "{clean:?}");
}

/// H5, the null model: within three standard deviations of 1 − (1 − u)^512.
#[test]
fn pages_placed_anywhere_taint_as_many_blocks_as_they_should() {
    for sparse in [4096, 2048, 1024, 512] {
        let Anywhere {
            tainted,
            expected,
            variance,
        } = anywhere(Size::Small, sparse, 1);
        let off = tainted.abs_diff(expected);
        assert!(
            off * off <= 9 * variance,
            "1/{sparse}: {tainted}, {expected} expected"
        );
    }
}
