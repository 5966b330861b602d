// Modules do not load from a file: then the page says what to do.
if (location.protocol === "file:") document.getElementById("nofile").hidden = false;
