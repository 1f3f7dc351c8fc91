//! Pictures show what is there.

mod common;

use common::{Moment, moments};
use pfnlab_lesson::{Picture, PictureError, View, animated};
use pfnlab_model::{NodeId, Pfn, PfnRange, ZoneId, ZoneKind};
use roxmltree::{Document, Node};

const DMA32: ZoneId = ZoneId {
    node: NodeId(0),
    kind: ZoneKind::Dma32,
};

fn draw(moment: &Moment, picture: &Picture) -> String {
    picture.of_change(&moment.after, &moment.change).unwrap()
}

fn only(view: View) -> Picture {
    Picture {
        zone: Some(DMA32),
        views: vec![view],
        ..Picture::default()
    }
}

fn number(node: Node<'_, '_>, name: &str) -> u64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn of_class<'a>(svg: &'a Document<'_>, class: &str) -> Vec<Node<'a, 'a>> {
    let has = |node: &Node<'_, '_>| {
        let classes = node.attribute("class").unwrap_or("");
        classes.split(' ').any(|one| one == class)
    };
    svg.descendants().filter(has).collect()
}

#[test]
fn every_picture_is_an_image_with_a_name_and_the_same_twice() {
    for moment in moments() {
        for view in View::ALL {
            let svg = draw(&moment, &only(view));
            assert_eq!(svg, draw(&moment, &only(view)));
            let svg = Document::parse(&svg).unwrap();
            let title = svg.root_element().first_element_child().unwrap();
            assert_eq!(title.text(), Some(moment.change.title()), "{view}");
        }
        Document::parse(&draw(&moment, &Picture::default())).unwrap();
    }
}

/// A row of the strip has no gap and no overlap: what is left of a piece is where it starts.
#[test]
fn the_strip_shows_every_frame_once() {
    for moment in moments() {
        let svg = draw(&moment, &only(View::Strip));
        let svg = Document::parse(&svg).unwrap();
        let titled = |node: &Node<'_, '_>| node.has_tag_name("rect") && node.has_children();
        let mut pieces: Vec<_> = svg.descendants().filter(titled).collect();
        pieces.sort_by_key(|rect| (number(*rect, "y"), number(*rect, "x")));
        let (mut rows, mut end) = (0, None);
        for rect in pieces {
            let row = number(rect, "y");
            match end {
                Some((last, x)) if last == row => assert_eq!(number(rect, "x"), x),
                _ => rows += 1,
            }
            end = Some((row, number(rect, "x") + number(rect, "width")));
        }
        assert!((1..=9).contains(&rows), "{rows} rows");
    }
}

#[test]
fn lists_are_drawn_in_list_order() {
    for moment in moments() {
        let svg = draw(&moment, &only(View::Lists));
        let svg = Document::parse(&svg).unwrap();
        let mut lists: Vec<_> = moment
            .after
            .zone(DMA32)
            .unwrap()
            .free_lists
            .iter()
            .collect();
        lists.sort_by_key(|list| (std::cmp::Reverse(list.order), list.mt));
        let shown: Vec<_> = of_class(&svg, "pfn")
            .iter()
            .map(|text| text.text().unwrap())
            .collect();
        let mut shown = shown.into_iter().peekable();
        for list in lists {
            let known: Vec<_> = list.pfns.iter().map(ToString::to_string).collect();
            let here = known
                .iter()
                .take_while(|pfn| shown.next_if_eq(&pfn.as_str()).is_some());
            let here = here.count();
            assert!(here == known.len() || here > 8, "{here} of {known:?}");
        }
        assert_eq!(shown.next(), None);
    }
}

/// The marked digit is the one in which the number differs from its buddy's.
#[test]
fn the_flipped_bit_is_marked() {
    let mut marked = 0;
    for moment in moments() {
        let svg = draw(&moment, &only(View::Arithmetic));
        let svg = Document::parse(&svg).unwrap();
        let marks = of_class(&svg, "flipped");
        let buddies = moment
            .change
            .chains()
            .iter()
            .take(4)
            .flat_map(|chain| &chain.buddies);
        let buddies: Vec<_> = buddies.collect();
        assert_eq!(marks.len(), buddies.len());
        for (mark, block) in marks.iter().zip(buddies) {
            let digits = mark
                .next_siblings()
                .find(|node| node.has_tag_name("text"))
                .unwrap();
            let places: Vec<u64> = digits
                .attribute("x")
                .unwrap()
                .split(' ')
                .map(|x| x.parse().unwrap())
                .collect();
            let text = digits.text().unwrap();
            let number = |text: &str| u64::from_str_radix(&text.replace(' ', ""), 2).unwrap();
            assert_eq!(number(text), block.start().get());
            let at = places
                .iter()
                .position(|&x| x == self::number(*mark, "x") + 1)
                .unwrap();
            let mut flipped = text.to_owned();
            let other = if &text[at..=at] == "1" { "0" } else { "1" };
            flipped.replace_range(at..=at, other);
            assert_eq!(number(&flipped), block.buddy().start().get());
            marked += 1;
        }
    }
    assert!(marked > 20, "{marked} buddies");
}

#[test]
fn what_was_handed_out_is_marked_as_touched() {
    for moment in moments() {
        let svg = draw(&moment, &only(View::Tree));
        let svg = Document::parse(&svg).unwrap();
        assert!(
            !of_class(&svg, "touched").is_empty(),
            "{}",
            moment.change.title()
        );
        for &block in moment.change.blocks() {
            assert!(!moment.events.is_empty(), "{block}");
        }
    }
}

#[test]
fn what_is_not_there_is_not_drawn() {
    let state = &moments()[0].after;
    let movable = ZoneId {
        kind: ZoneKind::Movable,
        ..DMA32
    };
    let picture = |zone, frames| Picture {
        zone,
        frames,
        views: Vec::new(),
    };
    let error = picture(Some(movable), None)
        .of_state(state, "")
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no zone Movable on node 0: there are node 0 DMA, node 0 DMA32",
    );
    let frames = PfnRange::new(Pfn::new(0x4000), Pfn::new(0x4010));
    let error = picture(None, frames).of_state(state, "").unwrap_err();
    assert!(matches!(error, PictureError::Elsewhere { .. }));
    assert_eq!(
        error.to_string(),
        "frames 0x4000..0x4010 are not in any zone"
    );
}

#[test]
fn an_animation_holds_every_picture() {
    let pictures: Vec<_> = moments()
        .iter()
        .map(|moment| draw(moment, &only(View::Tree)))
        .collect();
    let moving = animated(&pictures, 500, "a < b");
    let svg = Document::parse(&moving).unwrap();
    assert_eq!(of_class(&svg, "step").len(), pictures.len());
    assert_eq!(animated(&[], 500, ""), "");
}
