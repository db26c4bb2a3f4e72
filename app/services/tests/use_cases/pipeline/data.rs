//! Tables: taken, looked at, read through.

use super::{Factory, SAMPLE};
use domain::names::DraftId;
use domain::pipeline::data::Channel;
use domain::pipeline::draft::PipelineForm;
use domain::pipeline::view::PreparationState;
use futures::StreamExt as _;
use services::ServiceError;

async fn upload(factory: &Factory, draft: &DraftId, parts: &[&str]) -> Result<(), ServiceError> {
    let mut upload = factory.pipelines.begin_data_upload(&factory.operator, draft, "C:\\data\\my table.csv").await?;
    for part in parts {
        upload.write(part.as_bytes()).await?;
    }
    upload.finish().await
}

/// How the reading of the draft's table ended.
async fn read(factory: &Factory, draft: &DraftId) -> PreparationState {
    factory.read_table(draft).await;
    let seen = factory.pipelines.watch_preparation(&factory.operator, draft).await.unwrap();
    std::pin::pin!(seen).fold(None, |_, view| async { Some(view.state) }).await.unwrap()
}

#[tokio::test]
async fn the_sample_is_previewed_and_split_by_channel() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let data = factory.pipelines.data(&factory.operator, &draft).await.unwrap().unwrap();
    let names: Vec<_> = data.preview.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((data.file.as_str(), names), ("churn.csv", vec!["churned", "tenure", "minutes"]));
    assert_eq!((data.preview.header, data.preview.label, data.problem), (true, 0, None));
    let tally = data.tally.unwrap();
    assert_eq!(tally.train + tally.validation, 60);
    let draft = factory.pipelines.draft(&factory.operator, &draft).await.unwrap().draft;
    let folder = factory.folder.path().join(draft.pipeline.as_str());
    for (channel, rows) in [(Channel::Train, tally.train), (Channel::Validation, tally.validation)] {
        let text = std::fs::read_to_string(folder.join(format!("channel-{}.csv", channel.key()))).unwrap();
        assert_eq!(text.lines().count() as u64, rows);
        assert!(!text.contains("churned"), "no header");
        let file = &draft.prepared.as_ref().unwrap().files[&channel];
        assert_eq!(file.bytes, text.len() as u64);
        assert_eq!(file.sha256.len(), 64);
    }
}

#[tokio::test]
async fn an_upload_comes_in_parts_with_any_delimiter_and_a_given_up_one_leaves_nothing() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let text = format!("\u{feff}{}", SAMPLE.replace(',', ";"));
    let (first, second) = text.split_at(100);
    upload(&factory, &draft, &[first, second]).await.unwrap();
    let data = factory.pipelines.data(&factory.operator, &draft).await.unwrap().unwrap();
    assert_eq!(data.file, "my table.csv");
    assert_eq!((data.preview.columns.len(), data.preview.columns[0].name.as_str()), (3, "churned"));
    assert_eq!(data.tally, None, "what was made of the table before is forgotten");
    assert_eq!(read(&factory, &draft).await, PreparationState::Done);

    let mut given_up = factory.pipelines.begin_data_upload(&factory.operator, &draft, "x.csv").await.unwrap();
    given_up.write(b"a,b\n").await.unwrap();
    drop(given_up);
    let empty = upload(&factory, &draft, &[]).await.unwrap_err();
    assert_eq!(empty.to_string(), "no file was chosen, or it is empty");
    let pipeline = factory.pipelines.draft(&factory.operator, &draft).await.unwrap().draft.pipeline;
    let mut left: Vec<_> = std::fs::read_dir(factory.folder.path().join(pipeline.as_str()))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["channel-train.csv", "channel-validation.csv", "table.csv"]);
}

#[tokio::test]
async fn rows_that_cant_be_used_are_told_by_line_and_nothing_is_applied_with_them() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let faulty = format!("{}2,1,1\n1,many,1\n1,1\n", *SAMPLE);
    upload(&factory, &draft, &[&faulty]).await.unwrap();
    let PreparationState::Failed { message } = read(&factory, &draft).await else { panic!("it has faults") };
    assert_eq!(message, "3 of 63 rows can't be used; the first is line 62: the label `2` is not 0 or 1");
    let data = factory.pipelines.data(&factory.operator, &draft).await.unwrap().unwrap();
    let lines: Vec<_> = data.tally.unwrap().faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [62, 63, 64]);
    let review = factory.pipelines.review(&factory.operator, &draft).await.unwrap_err();
    let ServiceError::Invalid { problems } = review else { panic!("{review}") };
    assert_eq!((problems[0].field.as_str(), problems[0].message.as_str()), ("file", message.as_str()));
}

#[tokio::test]
async fn what_is_no_table_is_told_for_what_it_is() {
    let factory = Factory::new().await;
    let draft = factory.pipelines.start_draft(&factory.operator).await.unwrap();
    let refused = async |text: &str| upload(&factory, &draft, &[text]).await.unwrap_err().to_string();
    assert_eq!(refused("PK\x03\x04xl/workbook.xml").await, "it is an Excel workbook or a ZIP archive");
    assert_eq!(refused("PAR1").await, "it is a Parquet file");
    assert_eq!(refused("\n\n").await, "the file has no rows");
    let wide = "1,".repeat(4_096) + "1\n";
    assert_eq!(refused(&wide).await, "line 1 has 4097 columns; at most 4096 are taken");
    upload(&factory, &draft, &["1,2\n0,3\n"]).await.unwrap();
}

#[tokio::test]
async fn a_quotation_mark_without_its_second_does_not_fill_memory() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let rows = "1,2,3\n".repeat(1 << 20);
    let early = upload(&factory, &draft, &[&format!("{}1,\"2,3\n{rows}", *SAMPLE)]).await.unwrap_err();
    assert!(early.to_string().contains("quotation mark"), "{early}");
    let late = format!("{}{}1,\"2,3\n{rows}", *SAMPLE, "1,2,3\n".repeat(300));
    upload(&factory, &draft, &[&late]).await.unwrap();
    let PreparationState::Failed { message } = read(&factory, &draft).await else { panic!("it has no end") };
    assert!(message.contains("quotation mark"), "{message}");
}

#[tokio::test]
async fn reading_can_be_stopped_and_answers_that_change_ask_for_another_reading() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    let long = format!("churned,tenure,minutes\n{}", "1,2,3\n0,3,4\n".repeat(1 << 14));
    upload(&factory, &draft, &[&long]).await.unwrap();
    let (pipelines, operator) = (&factory.pipelines, &factory.operator);
    pipelines.prepare_data(operator, &draft).await.unwrap();
    let second = pipelines.prepare_data(operator, &draft).await.unwrap_err();
    assert_eq!(second.to_string(), "the table is being read at this moment");
    pipelines.cancel_preparation(operator, &draft).await.unwrap();
    let seen = pipelines.watch_preparation(operator, &draft).await.unwrap();
    let last = std::pin::pin!(seen).fold(None, |_, view| async { Some(view.state) }).await.unwrap();
    assert_eq!(last, PreparationState::Cancelled);
    assert_eq!(read(&factory, &draft).await, PreparationState::Done);

    let mut form = pipelines.draft(operator, &draft).await.unwrap().draft.data;
    form.validation = "30".into();
    assert_eq!(pipelines.save_step(operator, &draft, PipelineForm::Data(form)).await.unwrap(), []);
    let review = pipelines.review(operator, &draft).await.unwrap_err();
    assert_eq!(review.to_string(), "the table has not been read through as the answers say");
}

#[tokio::test]
async fn a_draft_that_is_discarded_takes_its_table_with_it() {
    let factory = Factory::new().await;
    let draft = factory.draft().await;
    factory.pipelines.discard_draft(&factory.operator, &draft).await.unwrap();
    assert_eq!(std::fs::read_dir(factory.folder.path()).unwrap().count(), 0);
    assert!(matches!(factory.pipelines.draft(&factory.operator, &draft).await, Err(ServiceError::NotFound { .. })));
}

#[tokio::test]
async fn what_a_console_that_was_killed_had_taken_is_removed_at_the_next_start() {
    let factory = Factory::new().await;
    factory.pipelines.drop_broken_uploads().await.unwrap();
    let draft = factory.draft().await;
    let pipeline = factory.pipelines.draft(&factory.operator, &draft).await.unwrap().draft.pipeline;
    let folder = factory.folder.path().join(pipeline.as_str());
    let mut broken = factory.pipelines.begin_data_upload(&factory.operator, &draft, "a.csv").await.unwrap();
    broken.write(b"a,b\n1,2\n").await.unwrap();
    std::mem::forget(broken);
    let files = || std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    let parts = || files().iter().filter(|name| name.to_string_lossy().ends_with(".part")).count();
    assert_eq!(parts(), 1, "{:?}", files());
    factory.pipelines.drop_broken_uploads().await.unwrap();
    assert_eq!(parts(), 0);
    assert!(files().iter().any(|name| name == "table.csv"), "what was taken whole stays: {:?}", files());
}
