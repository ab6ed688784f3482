"""The page that kith review export writes, worked with in a browser as people do: keys, mouse, grid, save, go on."""
import glob
import json
import os
import shutil
import time
import unittest

import h5py

import kith_runner as kith

if not shutil.which("chromedriver"):
    raise SystemExit("chromedriver is not there: scripts/setup.sh installs chromium-driver and python3-selenium")

from selenium import webdriver  # noqa: E402  pylint: disable=wrong-import-position
from selenium.webdriver.common.by import By  # noqa: E402  pylint: disable=wrong-import-position
from selenium.webdriver.common.keys import Keys  # noqa: E402  pylint: disable=wrong-import-position


class LabelPage(unittest.TestCase):
    def setUp(self):
        self.folder = kith.temporary_directory(in_memory=False)
        self.addCleanup(self.folder.cleanup)
        self.directory = self.folder.name
        blobs = kith.Blobs(items=500, spread=50)
        blobs.write(self.path("corpus.h5"))
        with h5py.File(self.path("corpus.h5"), "a") as file:
            file["text"] = [f"item number {row} <script>document.title = 'broken'</script>" for row in range(500)]
        self.config = kith.ini(self.directory, corpus={"gold": "", "reviews": self.path("reviews.csv"), "text": "/text"})
        self.kith("review", "export", "--queue", "40", "--file", self.path("page.html"))
        self.driver = self.open_browser()

    def open_browser(self):
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900",
                     f"--user-data-dir={self.path('profile')}"):
            options.add_argument(word)
        options.add_experimental_option("prefs", {"download.default_directory": self.path("saved")})
        driver = webdriver.Chrome(service=webdriver.ChromeService(shutil.which("chromedriver"))
                                  if hasattr(webdriver, "ChromeService") else
                                  webdriver.chrome.service.Service(shutil.which("chromedriver")), options=options)
        self.addCleanup(driver.quit)
        return driver

    def path(self, name):
        return os.path.join(self.directory, name)

    def kith(self, *words):
        done = kith.run([*words, "-c", self.config])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def find(self, name):
        return self.driver.find_element(By.ID, name)

    def type(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def place(self):
        return self.find("place").text

    def saved(self):
        kith.wait_until(lambda: glob.glob(self.path("saved/*.json")), "a saved file")
        with open(glob.glob(self.path("saved/*.json"))[0], encoding="utf-8") as file:
            return json.load(file)

    def test_a_person_labels(self):
        self.driver.get("file://" + self.path("page.html"))
        self.assertEqual(self.driver.title, "Items to label")  # texts are texts
        self.assertEqual(self.place(), "Item 1 of 40, 0 done")
        self.assertIn("<script>", self.find("item").text)
        self.type("2")                                          # a class by its key
        self.assertEqual(self.place(), "Item 2 of 40, 1 done")
        self.type("?")
        self.type("1", Keys.BACKSPACE)                          # undone
        self.assertEqual(self.place(), "Item 3 of 40, 2 done")
        self.type(Keys.ARROW_RIGHT, "n")                        # later; and a note
        self.type("not sure", Keys.ESCAPE)
        self.driver.find_elements(By.CSS_SELECTOR, "#choices button")[3].click()
        self.type(Keys.ARROW_LEFT)
        self.assertIn("You said: dog", self.find("says").text)
        self.type("s")                                          # nobody's answers are not saved
        self.assertIn("Type your name first", self.find("warning").text)
        self.find("name").send_keys("Ann")
        self.find("mode").click()                               # many of one class at once
        tiles = self.driver.find_elements(By.CSS_SELECTOR, ".tile")
        tiles[0].click()
        done = int(self.place().split()[0])
        self.find("accept").click()
        self.assertEqual(int(self.place().split()[0]), done + len(tiles) - 1)
        self.driver.get("file://" + self.path("page.html"))     # the browser keeps all of it
        self.assertEqual(self.find("name").get_attribute("value"), "Ann")
        self.assertIn(f"{done + len(tiles) - 1} done", self.place())
        self.find("save").click()
        saved = self.saved()
        self.assertEqual(len(saved["answers"]), done + len(tiles) - 1)
        self.assertEqual([answer["label"] for answer in saved["answers"][:2]], ["bee", ""])
        self.assertEqual([answer["note"] for answer in saved["answers"] if answer["note"]], ["not sure"])
        name = glob.glob(self.path("saved/*.json"))[0]
        self.assertIn(f"{len(saved['answers'])} answers taken, 1 of them do not know", self.kith("review", "import", "--file", name))
        self.kith("run")
        with h5py.File(self.path("run/labels.h5")) as file:
            self.assertEqual(file["status"][saved["answers"][0]["row"]], 1)

    def test_another_browser_goes_on(self):
        """From a saved file, on a small screen; and not from one of another list."""
        self.driver.set_window_size(400, 800)
        self.driver.get("file://" + self.path("page.html"))
        width = self.driver.execute_script("return document.documentElement.scrollWidth")
        self.assertLessEqual(width, self.driver.execute_script("return window.innerWidth"))
        data = json.loads(self.find("sheet").get_attribute("textContent"))
        rows = [item["row"] for item in data["items"]]
        saved = {"program": "kith", "list": data["list"], "annotator": "Bob",
                 "answers": [{"row": row, "label": "cat", "time": "2024-05-03T10:00:00Z", "note": ""} for row in rows[:7]]}
        for name, content in (("other.json", {**saved, "list": "queue-0009-00"}), ("mine.json", saved)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                json.dump(content, file)
        self.find("load").send_keys(self.path("other.json"))
        kith.wait_until(lambda: self.find("warning").text, "a warning")
        self.assertIn("of another list", self.find("warning").text)
        self.find("load").send_keys(self.path("mine.json"))
        kith.wait_until(lambda: "7 done" in self.place(), "the answers")
        self.type("o")
        self.assertEqual(self.place(), "Item 8 of 40, 7 done")
        names = [self.driver.execute_script("return arguments[0].tagName + (arguments[0].textContent || arguments[0].labels[0].textContent)", element)
                 for element in self.driver.find_elements(By.CSS_SELECTOR, "button, input, textarea") if element.is_displayed()]
        self.assertTrue(all(len(name) > len("TEXTAREA") - 3 for name in names))  # each has a name to read out
        time.sleep(0)


if __name__ == "__main__":
    unittest.main()
