//! CodeCommit: repositories, branches, commits with Git's IDs, who may, and what EventBridge hears of it.

use crate::support::{Answer, Client, Lab, PARENT, allowing, config, denying};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:codecommit:eu-west-1:111111111111:repo";

async fn ask(client: &Client, operation: &str, body: Value) -> Answer {
    client.json("codecommit", operation, body).await
}

async fn ok(client: &Client, operation: &str, body: Value) -> Value {
    client.json_ok("codecommit", operation, body).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The input of PutFile into `main` of `repo`.
fn put(path: &str, content: &str, parent: Option<&str>) -> Value {
    let mut input = json!({
        "repositoryName": "repo", "branchName": "main", "filePath": path, "fileContent": STANDARD.encode(content),
        "name": "Ann", "email": "ann@example.com", "commitMessage": "Why\n",
    });
    if let Some(parent) = parent {
        input["parentCommitId"] = parent.into();
    }
    input
}

/// A sandbox in which the parent has `repo` with `template.yaml` in it, and the commit.
async fn with_repository() -> (Lab, Client, String) {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    ok(&parent, "CreateRepository", json!({ "repositoryName": "repo", "repositoryDescription": "What for" })).await;
    let made = ok(&parent, "PutFile", put("template.yaml", "Resources: {}\n", None)).await;
    (lab, parent, text(&made["commitId"]))
}

#[tokio::test]
async fn a_repository_is_made_described_renamed_and_deleted() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let input = json!({ "repositoryName": "repo", "repositoryDescription": "What for", "tags": { "team": "ml" } });
    let made = ok(&parent, "CreateRepository", input.clone()).await["repositoryMetadata"].take();
    assert_eq!(made["Arn"], ARN);
    assert_eq!(made["accountId"], PARENT);
    assert_eq!(made["cloneUrlHttp"], "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/repo");
    assert!(made.get("defaultBranch").is_none());
    ask(&parent, "CreateRepository", input).await.refused(
        400,
        "RepositoryNameExistsException",
        "Repository named repo already exists",
    );
    ok(&parent, "UpdateRepositoryName", json!({ "oldName": "repo", "newName": "other" })).await;
    let input = json!({ "repositoryName": "other", "repositoryDescription": "Else" });
    ok(&parent, "UpdateRepositoryDescription", input).await;
    let found = ok(&parent, "GetRepository", json!({ "repositoryName": "other" })).await["repositoryMetadata"].take();
    assert_eq!((&found["repositoryId"], &found["repositoryDescription"]), (&made["repositoryId"], &json!("Else")));
    ask(&parent, "GetRepository", json!({ "repositoryName": "repo" })).await.refused(
        400,
        "RepositoryDoesNotExistException",
        "repo does not exist",
    );
    let batch = ok(&parent, "BatchGetRepositories", json!({ "repositoryNames": ["other", "nope"] })).await;
    assert_eq!((&batch["repositories"][0], &batch["repositoriesNotFound"]), (&found, &json!(["nope"])));
    let gone = ok(&parent, "DeleteRepository", json!({ "repositoryName": "other" })).await;
    assert_eq!(gone["repositoryId"], made["repositoryId"]);
    // What is not there is deleted without a word.
    assert_eq!(ok(&parent, "DeleteRepository", json!({ "repositoryName": "other" })).await, json!({}));
    assert_eq!(ok(&parent, "ListRepositories", json!({})).await, json!({ "repositories": [] }));
}

#[tokio::test]
async fn repositories_are_listed_in_order_and_in_their_own_account_and_region() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    for name in ["b", "a", "c"] {
        ok(&parent, "CreateRepository", json!({ "repositoryName": name })).await;
    }
    let names = async |client: &Client, input: Value| -> Vec<String> {
        let listed = ok(client, "ListRepositories", input).await;
        listed["repositories"].as_array().unwrap().iter().map(|r| text(&r["repositoryName"])).collect()
    };
    assert_eq!(names(&parent, json!({})).await, ["a", "b", "c"]);
    assert_eq!(names(&parent, json!({ "order": "descending" })).await, ["c", "b", "a"]);
    let by_date = json!({ "sortBy": "lastModifiedDate", "order": "descending" });
    assert_eq!(names(&parent, by_date).await[0], "c");
    assert!(names(&lab.client("child"), json!({})).await.is_empty());
    let mut elsewhere = parent.clone();
    elsewhere.region = "us-west-2".into();
    assert!(names(&elsewhere, json!({})).await.is_empty());
    ask(&parent, "ListRepositories", json!({ "sortBy": "size" })).await.refused(400, "InvalidSortByException", "");
    let token = json!({ "nextToken": "!" });
    ask(&parent, "ListRepositories", token).await.refused(400, "InvalidContinuationTokenException", "");
}

#[tokio::test]
async fn the_first_file_makes_the_branch_and_objects_have_gits_ids() {
    let (_lab, parent, commit) = with_repository().await;
    let repository = ok(&parent, "GetRepository", json!({ "repositoryName": "repo" })).await;
    assert_eq!(repository["repositoryMetadata"]["defaultBranch"], "main");
    let branch = ok(&parent, "GetBranch", json!({ "repositoryName": "repo", "branchName": "main" })).await;
    assert_eq!(branch["branch"]["commitId"], commit.as_str());
    let file = ok(&parent, "GetFile", json!({ "repositoryName": "repo", "filePath": "/template.yaml" })).await;
    // `git hash-object` of the content, `git mktree` of its entry.
    assert_eq!(file["blobId"], "ccdf30b80eb4df7563d88dc5a2ee8694968c534c");
    assert_eq!(file["fileContent"], STANDARD.encode("Resources: {}\n"));
    assert_eq!((&file["fileMode"], &file["fileSize"]), (&json!("NORMAL"), &json!(14)));
    let found = ok(&parent, "GetCommit", json!({ "repositoryName": "repo", "commitId": commit })).await;
    let found = &found["commit"];
    assert_eq!(found["treeId"], "f92940dbb8a878c13bb2c0d672a81db6399cd06b");
    assert_eq!((&found["message"], &found["parents"]), (&json!("Why\n"), &json!([])));
    assert_eq!((&found["author"]["name"], &found["author"]["email"]), (&json!("Ann"), &json!("ann@example.com")));
    assert_eq!(found["author"], found["committer"]);
    assert!(text(&found["author"]["date"]).ends_with(" +0000"));
    let blob = ok(&parent, "GetBlob", json!({ "repositoryName": "repo", "blobId": file["blobId"] })).await;
    assert_eq!(blob["content"], file["fileContent"]);
}

#[tokio::test]
async fn a_change_needs_the_tip_of_its_branch() {
    let (_lab, parent, first) = with_repository().await;
    ask(&parent, "PutFile", put("a", "1", None)).await.refused(
        400,
        "ParentCommitIdRequiredException",
        "A parent commit ID is required.",
    );
    let second = text(&ok(&parent, "PutFile", put("a", "1", Some(&first))).await["commitId"]);
    ask(&parent, "PutFile", put("a", "2", Some(&first))).await.refused(
        400,
        "ParentCommitIdOutdatedException",
        "is not the current tip of the specified branch",
    );
    let unknown = "0".repeat(40);
    for (given, code) in
        [(unknown.as_str(), "ParentCommitDoesNotExistException"), ("main", "InvalidParentCommitIdException")]
    {
        ask(&parent, "PutFile", put("a", "2", Some(given))).await.refused(400, code, "");
    }
    ask(&parent, "PutFile", put("a", "1", Some(&second))).await.refused(
        400,
        "SameFileContentException",
        "exactly the same as the content of that file",
    );
    let mut other = put("a", "2", Some(&second));
    other["branchName"] = "other".into();
    ask(&parent, "PutFile", other).await.refused(400, "BranchDoesNotExistException", "Branch other does not exist");
    let found = ok(&parent, "GetCommit", json!({ "repositoryName": "repo", "commitId": second })).await;
    assert_eq!(found["commit"]["parents"], json!([first]));
    let delete = json!({ "repositoryName": "repo", "branchName": "main", "filePath": "a", "parentCommitId": second });
    let third = ok(&parent, "DeleteFile", delete).await;
    assert_eq!(third["filePath"], "a");
    let found = ok(&parent, "GetCommit", json!({ "repositoryName": "repo", "commitId": third["commitId"] })).await;
    // Without a name it is the caller's ARN.
    assert_eq!(found["commit"]["author"]["name"], ok_caller(&parent).await);
    ask(&parent, "GetFile", json!({ "repositoryName": "repo", "filePath": "a" })).await.refused(
        400,
        "FileDoesNotExistException",
        "",
    );
    // An earlier commit still has it.
    let earlier = json!({ "repositoryName": "repo", "filePath": "a", "commitSpecifier": second });
    assert_eq!(ok(&parent, "GetFile", earlier).await["fileContent"], STANDARD.encode("1"));
}

async fn ok_caller(client: &Client) -> String {
    client.sts("GetCallerIdentity", &[]).await.tag("Arn")
}

#[tokio::test]
async fn what_can_not_be_put_is_refused() {
    let (_lab, parent, first) = with_repository().await;
    for path in ["a//b", "../a", "a/./b", ".git/config", "a/", "a\nb"] {
        ask(&parent, "PutFile", put(path, "x", Some(&first))).await.refused(400, "InvalidPathException", "not valid");
    }
    let with = |member: &str, value: Value| {
        let mut input = put("a", "x", Some(&first));
        input[member] = value;
        input
    };
    for (input, code) in [
        (with("filePath", Value::Null), "PathRequiredException"),
        (with("fileContent", json!("")), "FileContentRequiredException"),
        (with("fileMode", json!("777")), "InvalidFileModeException"),
        (with("email", json!("<ann>")), "InvalidEmailException"),
        (with("name", json!("x".repeat(300))), "NameLengthExceededException"),
        (with("branchName", json!("a..b")), "InvalidBranchNameException"),
        (with("branchName", Value::Null), "BranchNameRequiredException"),
        (with("repositoryName", json!("a/b")), "InvalidRepositoryNameException"),
        (with("repositoryName", Value::Null), "RepositoryNameRequiredException"),
        (with("filePath", json!("template.yaml/x")), "DirectoryNameConflictsWithFileNameException"),
    ] {
        ask(&parent, "PutFile", input).await.refused(400, code, "");
    }
    let second = text(&ok(&parent, "PutFile", put("dir/file", "x", Some(&first))).await["commitId"]);
    ask(&parent, "PutFile", put("dir", "x", Some(&second))).await.refused(
        400,
        "FileNameConflictsWithDirectoryNameException",
        "",
    );
    let large = "x".repeat(6_291_457);
    ask(&parent, "PutFile", put("large", &large, Some(&second))).await.refused(
        400,
        "FileContentSizeLimitExceededException",
        "The maximum file size is 6 MB",
    );
    ok(&parent, "PutFile", put("large", &large[1..], Some(&second))).await;
}

#[tokio::test]
async fn a_commit_changes_several_files_at_once() {
    let (_lab, parent, first) = with_repository().await;
    let commit = |parent: &str, more: Value| {
        let mut input = json!({ "repositoryName": "repo", "branchName": "main", "parentCommitId": parent });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let file = |path: &str, content: &str| json!({ "filePath": path, "fileContent": STANDARD.encode(content) });
    let puts = json!([file("src/a.py", "1"), file("src/b.py", "2"), file("run.sh", "3")]);
    let made = ok(&parent, "CreateCommit", commit(&first, json!({ "putFiles": puts }))).await;
    assert_eq!(made["filesAdded"].as_array().unwrap().len(), 3);
    let second = text(&made["commitId"]);
    let more = json!({
        "putFiles": [file("src/b.py", "22"), { "filePath": "moved.yaml", "sourceFile": { "filePath": "template.yaml", "isMove": true } }],
        "deleteFiles": [{ "filePath": "src/a.py" }],
        "setFileModes": [{ "filePath": "run.sh", "fileMode": "EXECUTABLE" }],
    });
    let made = ok(&parent, "CreateCommit", commit(&second, more)).await;
    let paths = |list: &str| -> Vec<String> {
        made[list].as_array().unwrap().iter().map(|file| text(&file["absolutePath"])).collect()
    };
    assert_eq!(paths("filesAdded"), ["moved.yaml"]);
    assert_eq!(paths("filesUpdated"), ["run.sh", "src/b.py"]);
    assert_eq!(paths("filesDeleted"), ["src/a.py", "template.yaml"]);
    let third = text(&made["commitId"]);
    let root = ok(&parent, "GetFolder", json!({ "repositoryName": "repo", "folderPath": "/" })).await;
    assert_eq!(root["subFolders"][0]["absolutePath"], "src");
    let modes: Vec<&Value> = root["files"].as_array().unwrap().iter().map(|file| &file["fileMode"]).collect();
    assert_eq!(modes, ["NORMAL", "EXECUTABLE"]);
    let inside = ok(&parent, "GetFolder", json!({ "repositoryName": "repo", "folderPath": "src" })).await;
    assert_eq!(inside["treeId"], root["subFolders"][0]["treeId"]);
    assert_eq!(inside["files"][0]["relativePath"], "b.py");
    let nowhere = json!({ "repositoryName": "repo", "folderPath": "nope" });
    ask(&parent, "GetFolder", nowhere).await.refused(400, "FolderDoesNotExistException", "");

    for (more, code) in [
        (json!({}), "FileEntryRequiredException"),
        (json!({ "putFiles": [file("src/b.py", "22")] }), "NoChangeException"),
        (json!({ "putFiles": [file("x", "1"), file("x", "2")] }), "SamePathRequestException"),
        (json!({ "deleteFiles": [{ "filePath": "nope" }] }), "FileDoesNotExistException"),
        (json!({ "putFiles": [{ "filePath": "x" }] }), "SourceFileOrContentRequiredException"),
        (json!({ "setFileModes": [{ "filePath": "run.sh" }] }), "FileModeRequiredException"),
        (
            json!({ "putFiles": [file("x", &"y".repeat(4 << 20)), file("z", &"y".repeat(4 << 20))] }),
            "FileContentSizeLimitExceededException",
        ),
    ] {
        ask(&parent, "CreateCommit", commit(&third, more)).await.refused(400, code, "");
    }
    let keep = json!({ "keepEmptyFolders": true, "deleteFiles": [{ "filePath": "src/b.py" }] });
    let made = ok(&parent, "CreateCommit", commit(&third, keep)).await;
    assert_eq!(made["filesAdded"][0]["absolutePath"], "src/.gitkeep");
    let commits = json!({ "repositoryName": "repo", "commitIds": [first, third, "0".repeat(40)] });
    let batch = ok(&parent, "BatchGetCommits", commits).await;
    assert_eq!(batch["commits"].as_array().unwrap().len(), 2);
    assert_eq!(batch["errors"][0]["errorCode"], "CommitIdDoesNotExistException");
}

#[tokio::test]
async fn differences_come_by_page_and_a_file_has_a_history() {
    let (_lab, parent, first) = with_repository().await;
    let second = text(&ok(&parent, "PutFile", put("a", "1", Some(&first))).await["commitId"]);
    let third = text(&ok(&parent, "PutFile", put("dir/b", "1", Some(&second))).await["commitId"]);
    let fourth = text(&ok(&parent, "PutFile", put("a", "2", Some(&third))).await["commitId"]);
    let differences = async |more: Value| {
        let mut input = json!({ "repositoryName": "repo", "afterCommitSpecifier": "main" });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        ask(&parent, "GetDifferences", input).await
    };
    let kinds = |page: &Value| -> Vec<String> {
        page["differences"].as_array().unwrap().iter().map(|d| text(&d["changeType"])).collect()
    };
    let all = differences(json!({ "beforeCommitSpecifier": second })).await.json();
    assert_eq!(kinds(&all), ["M", "A"]);
    assert_eq!(all["differences"][0]["beforeBlob"]["mode"], "100644");
    let one = differences(json!({ "MaxResults": 2 })).await.json();
    assert_eq!(kinds(&one), ["A", "A"]);
    let two = differences(json!({ "MaxResults": 2, "NextToken": one["NextToken"] })).await.json();
    assert_eq!(two["differences"][0]["afterBlob"]["path"], "template.yaml");
    assert!(two.get("NextToken").is_none());
    let below = differences(json!({ "afterPath": "dir" })).await.json();
    assert_eq!(below["differences"][0]["afterBlob"]["path"], "dir/b");
    differences(json!({ "afterPath": "nope" })).await.refused(400, "PathDoesNotExistException", "");
    differences(json!({ "MaxResults": 0 })).await.refused(400, "InvalidMaxResultsException", "");
    differences(json!({ "beforeCommitSpecifier": "nope" })).await.refused(400, "CommitDoesNotExistException", "");
    let history = json!({ "repositoryName": "repo", "filePath": "a" });
    let history = ok(&parent, "ListFileCommitHistory", history).await;
    let ids: Vec<&Value> =
        history["revisionDag"].as_array().unwrap().iter().map(|row| &row["commit"]["commitId"]).collect();
    assert_eq!(ids, [&json!(fourth), &json!(second)]);
    assert_eq!(history["revisionDag"][1]["revisionChildren"], json!([fourth]));
}

#[tokio::test]
async fn branches_are_made_at_commits_and_the_default_stays() {
    let (_lab, parent, first) = with_repository().await;
    let branch = |name: &str| json!({ "repositoryName": "repo", "branchName": name });
    let at = |name: &str, commit: &str| json!({ "repositoryName": "repo", "branchName": name, "commitId": commit });
    ok(&parent, "CreateBranch", at("feature/x", &first)).await;
    ask(&parent, "CreateBranch", at("feature/x", &first)).await.refused(400, "BranchNameExistsException", "");
    ask(&parent, "CreateBranch", at("y", &"0".repeat(40))).await.refused(400, "CommitDoesNotExistException", "");
    ask(&parent, "CreateBranch", at("y", "main")).await.refused(400, "InvalidCommitIdException", "");
    let listed = ok(&parent, "ListBranches", json!({ "repositoryName": "repo" })).await;
    assert_eq!(listed["branches"], json!(["feature/x", "main"]));
    ask(&parent, "DeleteBranch", branch("main")).await.refused(400, "DefaultBranchCannotBeDeletedException", "");
    let default = json!({ "repositoryName": "repo", "defaultBranchName": "feature/x" });
    ok(&parent, "UpdateDefaultBranch", default).await;
    let gone = ok(&parent, "DeleteBranch", branch("main")).await;
    assert_eq!(gone["deletedBranch"], json!({ "branchName": "main", "commitId": first }));
    assert_eq!(ok(&parent, "DeleteBranch", branch("main")).await, json!({}));
    ask(&parent, "GetBranch", branch("main")).await.refused(
        400,
        "BranchDoesNotExistException",
        "Branch main does not exist",
    );
    let none = json!({ "repositoryName": "repo", "defaultBranchName": "main" });
    ask(&parent, "UpdateDefaultBranch", none).await.refused(400, "BranchDoesNotExistException", "");
}

#[tokio::test]
async fn every_operation_needs_its_permission_on_the_repository() {
    let (_lab, parent, first) = with_repository().await;
    let nobody = parent.new_user("nobody", &[]).await;
    for (operation, input) in [
        ("GetRepository", json!({ "repositoryName": "repo" })),
        ("DeleteRepository", json!({ "repositoryName": "repo" })),
        ("PutFile", put("a", "x", Some(&first))),
        ("GetFile", json!({ "repositoryName": "repo", "filePath": "a" })),
        ("GetBranch", json!({ "repositoryName": "repo", "branchName": "main" })),
        ("TagResource", json!({ "resourceArn": ARN, "tags": { "a": "b" } })),
        ("BatchGetRepositories", json!({ "repositoryNames": ["repo"] })),
    ] {
        ask(&nobody, operation, input).await.refused(
            400,
            "AccessDeniedException",
            &format!(
                "is not authorized to perform: codecommit:{operation} on resource: {ARN} because no identity-based"
            ),
        );
    }
    ask(&nobody, "ListRepositories", json!({})).await.refused(400, "AccessDeniedException", "on resource: *");
    // Branches can be told apart.
    let references = denying("codecommit:PutFile", ARN).replace(
        "\"Resource\"",
        "\"Condition\":{\"StringEquals\":{\"codecommit:References\":\"refs/heads/main\"}},\"Resource\"",
    );
    let user = parent.new_user("u", &[&allowing("codecommit:*", "*"), &references]).await;
    ok(&user, "CreateBranch", json!({ "repositoryName": "repo", "branchName": "b", "commitId": first })).await;
    ask(&user, "PutFile", put("a", "x", Some(&first))).await.refused(400, "AccessDeniedException", "explicit deny");
    let mut elsewhere = put("a", "x", Some(&first));
    elsewhere["branchName"] = "b".into();
    ok(&user, "PutFile", elsewhere).await;
}

#[tokio::test]
async fn repositories_have_tags() {
    let (_lab, parent, _) = with_repository().await;
    ok(&parent, "TagResource", json!({ "resourceArn": ARN, "tags": { "a": "1", "b": "2" } })).await;
    ok(&parent, "UntagResource", json!({ "resourceArn": ARN, "tagKeys": ["a"] })).await;
    let tags = ok(&parent, "ListTagsForResource", json!({ "resourceArn": ARN })).await;
    assert_eq!(tags["tags"], json!({ "b": "2" }));
    let system = json!({ "resourceArn": ARN, "tags": { "aws:x": "1" } });
    ask(&parent, "TagResource", system).await.refused(400, "InvalidSystemTagUsageException", "");
    let wrong = json!({ "resourceArn": "arn:aws:s3:::x" });
    ask(&parent, "ListTagsForResource", wrong).await.refused(400, "InvalidResourceArnException", "");
    let policy = allowing("codecommit:GetRepository", "*")
        .replace("\"Resource\"", "\"Condition\":{\"StringEquals\":{\"aws:ResourceTag/b\":\"2\"}},\"Resource\"");
    let user = parent.new_user("tagged", &[&policy]).await;
    ok(&user, "GetRepository", json!({ "repositoryName": "repo" })).await;
}

#[tokio::test]
async fn an_account_can_be_refused_as_new_ones_are() {
    let lab = Lab::start().await;
    let parent = lab.client("parent");
    let message = "CreateRepository request is not allowed because there is no existing repository in this AWS account \
                   or AWS Organization";
    let effect = json!({ "kind": "error", "status": 400, "code": "OperationNotAllowedException", "message": message });
    lab.fault(json!({
        "service": "codecommit", "operation": "CreateRepository", "account": PARENT, "effect": effect,
    }))
    .await;
    let input = json!({ "repositoryName": "repo" });
    ask(&parent, "CreateRepository", input.clone()).await.refused(400, "OperationNotAllowedException", message);
    ok(&lab.client("child"), "CreateRepository", input).await;
}

#[tokio::test]
async fn what_was_committed_survives_a_restart() {
    let (lab, parent, first) = with_repository().await;
    let Lab { sandbox, dir } = lab;
    let key = (parent.key.clone(), parent.secret.clone());
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config(dir.path())).await.unwrap();
    let parent = Client::new(&sandbox.url(), &key.0, &key.1, None);
    let file = ok(&parent, "GetFile", json!({ "repositoryName": "repo", "filePath": "template.yaml" })).await;
    assert_eq!(file["commitId"], first.as_str());
    assert_eq!(file["fileContent"], STANDARD.encode("Resources: {}\n"));
}
