/** A page that does what pages do, and writes what came of it into the document. */
export const BROWSER_PAGE = `<!doctype html>
<meta charset="utf-8">
<title>Ropes</title>
<form method="post" action="/form" enctype="multipart/form-data">
  <input name="title">
  <input type="file" name="file" multiple>
  <button>Upload</button>
</form>
`;
